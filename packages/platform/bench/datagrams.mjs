// What one sending and one receiving thread move over loopback through the native socket. After `npx tsc -b packages/platform`:
//   node packages/platform/bench/datagrams.mjs [bytes of a datagram, default 1448] [seconds of each run, default 2]
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { aeadProvider, openNativeSocket, Readiness } from '../dist/index.js';

const HEADER_BYTES = 13;
const TAG_BYTES = 16;

if (isMainThread) await main();
else if (workerData.role === 'receive') receive();
else send();

async function main() {
  const datagramBytes = Number(process.argv[2] ?? 1448);
  const seconds = Number(process.argv[3] ?? 2);
  for (const run of [
    { offload: true, sealed: false },
    { offload: true, sealed: true },
    { offload: false, sealed: false },
  ]) {
    const receiver = new Worker(new URL(import.meta.url), {
      workerData: { ...run, role: 'receive', seconds },
    });
    const port = await new Promise((resolve) => receiver.once('message', resolve));
    const sender = new Worker(new URL(import.meta.url), {
      workerData: { ...run, role: 'send', seconds, datagramBytes, port },
    });
    const [sent, received] = await Promise.all(
      [sender, receiver].map((worker) => new Promise((resolve) => worker.once('message', resolve))),
    );
    console.log(`${run.offload ? 'GSO, GRO' : 'no offload'}, ${run.sealed ? 'sealed, opened' : 'bare'}:`);
    print('sent', sent);
    print('received', received);
  }
}

function print(what, { datagrams, bytes, calls, milliseconds, cpuNs, bad }) {
  const gigabits = ((bytes * 8) / milliseconds / 1e6).toFixed(2);
  const kilo = (datagrams / milliseconds).toFixed(0);
  const cost = (cpuNs / datagrams).toFixed(0);
  const batch = (datagrams / calls).toFixed(1);
  console.log(
    `  ${what.padEnd(8)} ${gigabits} Gbit/s, ${kilo} k datagrams/s, ${cost} ns of CPU each, ${batch} a call, ${bad} bad`,
  );
}

/** Nanoseconds that this thread has run: what counts where others use the processors too. */
function threadCpuNs() {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]);
}

function protection(sealed) {
  return sealed ? aeadProvider().create(1, new Uint8Array(32), new Uint8Array(12)) : undefined;
}

function send() {
  const { sealed, offload, seconds, datagramBytes, port } = workerData;
  const socket = openNativeSocket({ host: '127.0.0.1', offload });
  const aead = protection(sealed);
  const to = { address: '127.0.0.1', port };
  const [began, cpuBefore] = [performance.now(), threadCpuNs()];
  let number = 0;
  do {
    for (let count = 0; count < 256; ) {
      const buffer = socket.reserve();
      if (buffer === undefined) {
        socket.wait(1e8);
        continue;
      }
      count++;
      new DataView(buffer.buffer, buffer.byteOffset).setUint32(HEADER_BYTES - 4, ++number);
      aead?.seal(number, buffer, 0, HEADER_BYTES, datagramBytes - TAG_BYTES);
      socket.commit(datagramBytes, to);
    }
    socket.flush();
  } while (performance.now() - began < seconds * 1e3);
  const { datagramsSent: datagrams, bytesSent: bytes, sendCalls: calls } = socket.stats;
  const milliseconds = performance.now() - began;
  parentPort.postMessage({ datagrams, bytes, calls, milliseconds, cpuNs: threadCpuNs() - cpuBefore, bad: 0 });
}

function receive() {
  const { sealed, offload } = workerData;
  const socket = openNativeSocket({ host: '127.0.0.1', offload });
  const aead = protection(sealed);
  let bad = 0;
  const onDatagram = (datagram) => {
    if (aead === undefined) return;
    const number = datagram[9] * 2 ** 24 + ((datagram[10] << 16) | (datagram[11] << 8) | datagram[12]);
    if (aead.open(number, datagram, 0, HEADER_BYTES, datagram.length) < 0) bad++;
  };
  parentPort.postMessage(socket.localPort);
  socket.wait(Number.POSITIVE_INFINITY);
  const [began, cpuBefore] = [performance.now(), threadCpuNs()];
  let last = began;
  while ((socket.wait(2e8) & Readiness.Readable) !== 0) {
    while (socket.receiveBatch(onDatagram) > 0);
    last = performance.now();
  }
  const { datagramsReceived: datagrams, bytesReceived: bytes, receiveCalls: calls } = socket.stats;
  parentPort.postMessage({
    datagrams,
    bytes,
    calls,
    milliseconds: last - began,
    cpuNs: threadCpuNs() - cpuBefore,
    bad,
  });
}
