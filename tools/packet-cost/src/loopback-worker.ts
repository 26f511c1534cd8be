/** One end of the transfer over loopback: a blocking loop, as a lane has it. */
import { parentPort, workerData } from 'node:worker_threads';
import { type NativeSocket, openNativeSocket } from '@jetstream/platform';
import { BLOCK_BYTES } from '@jetstream/protocol';
import { BlockSink, BlockSource } from './bulk-applications.ts';
import { HeapMeter } from './heap-meter.ts';
import { Laps } from './laps.ts';
import { makeEndpoint } from './make-endpoint.ts';
import { medians, type SideReport } from './report.ts';
import { nowUs, SocketTurn } from './socket-turn.ts';
import type { LoopbackMessage, LoopbackRole } from './two-threads.ts';

/** For the sender to say that it closes. */
const LINGER_US = 200_000;

const options = workerData as LoopbackRole;
const tell = (message: LoopbackMessage): void => parentPort!.postMessage(message);
const socket = openNativeSocket({ host: '127.0.0.1' });
if (socket === undefined) throw new Error('there is no native socket here');
tell({ report: await (options.role === 'sender' ? send(socket, options.port) : receive(socket)) });
socket.close();

async function send(from: NativeSocket, port: number): Promise<SideReport> {
  const { blocks, maxDatagramBytes } = options;
  const endpoint = makeEndpoint({ maxDatagramBytes });
  const connection = endpoint.connect(nowUs(), { address: '127.0.0.1', port });
  const source = new BlockSource(connection, blocks);
  const turn = new SocketTurn(from, endpoint, () => {
    while (endpoint.pollReady() !== undefined);
    source.drain(nowUs());
  });
  const heap = new HeapMeter();
  const laps = new Laps(blocks);
  let startUs = 0;
  let startBlocks = 0;
  while (!source.isDone) {
    turn.take();
    const packets = laps.ended(source.acked, turn.packetsSent, heap);
    if (packets === undefined) continue;
    turn.meter.lap(packets);
    if (packets > 0) continue;
    startUs = nowUs();
    startBlocks = source.acked;
  }
  const gigabitsPerSecond = ((source.acked - startBlocks) * BLOCK_BYTES * 8) / (nowUs() - startUs) / 1000;
  connection.close(nowUs(), 'none', '');
  turn.take();
  return {
    name: 'sender',
    nanoseconds: medians(turn.meter.laps),
    gigabitsPerSecond,
    stats: { ...connection.stats() },
    heap: await heap.finish(),
  };
}

async function receive(from: NativeSocket): Promise<SideReport> {
  const { blocks, maxDatagramBytes } = options;
  const endpoint = makeEndpoint({ acceptIncoming: true, maxDatagramBytes });
  const sink = new BlockSink(blocks);
  const turn = new SocketTurn(from, endpoint, () => {
    for (let ready = endpoint.pollReady(); ready !== undefined; ready = endpoint.pollReady())
      sink.drain(ready);
  });
  tell({ port: from.localPort });
  const heap = new HeapMeter();
  const laps = new Laps(blocks);
  while (sink.received < blocks) {
    turn.take();
    const packets = laps.ended(sink.received, turn.packetsReceived, heap);
    if (packets !== undefined) turn.meter.lap(packets);
  }
  for (const endUs = nowUs() + LINGER_US; nowUs() < endUs && endpoint.connectionCount > 0; ) turn.take();
  return {
    name: 'receiver',
    nanoseconds: medians(turn.meter.laps),
    heap: await heap.finish(),
  };
}
