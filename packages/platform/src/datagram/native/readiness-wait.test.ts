import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { bundledWorker } from '../../testing/bundled-worker.ts';
import { Readiness } from './contract.ts';
import { EventFd } from './event-fd.ts';
import { linuxSyscalls } from './syscalls.ts';
import { needsNative, TestSocket } from './test-socket.ts';

describe.skipIf(needsNative)('waiting of a native socket (needs Linux and koffi)', () => {
  it('ends with its time, at once when that is nothing', () => {
    const { socket } = new TestSocket();
    for (const timeoutNs of [0, -5, Number.NaN, 1, 1e6]) expect(socket.wait(timeoutNs)).toBe(0);
    socket.close();
  });

  it('ends when a datagram comes in', () => {
    const { socket, at, send } = station();
    send(Buffer.from('x'), at('::1'));
    expect(socket.wait(Number.POSITIVE_INFINITY)).toBe(Readiness.Readable);
    expect(socket.wait(0)).toBe(Readiness.Readable);
    expect(socket.receiveBatch(() => {})).toBe(1);
    expect(socket.wait(0)).toBe(0);
    socket.close();
  });

  it('ends once for all signals before it', () => {
    const event = EventFd.create()!;
    const { socket } = new TestSocket({ wakeEvent: event });
    event.signal();
    event.signal();
    expect(socket.wait(Number.POSITIVE_INFINITY)).toBe(Readiness.Woken);
    expect(socket.wait(0)).toBe(0);
    EventFd.of(event.fd).signal();
    expect(event.drain()).toBe(true);
    expect(event.drain()).toBe(false);
    expect(socket.wait(0)).toBe(0);
    socket.close();
    event.signal();
    event.close();
    event.close();
    event.signal();
    expect(event.drain()).toBe(false);
  });

  it('is ended by another thread, which takes messages as a lane does', async () => {
    const event = EventFd.create()!;
    const lane = new Worker(bundledWorker(LANE, import.meta.url), {
      eval: true,
      workerData: { fd: event.fd },
    });
    const answers: unknown[] = [];
    const next = () =>
      new Promise((resolve, reject) => {
        lane.once('message', resolve);
        lane.once('error', reject);
      });
    expect(await next()).toBe('waiting');
    for (const message of ['one', 'two']) {
      const answer = next();
      lane.postMessage(message);
      event.signal();
      answers.push(await answer);
    }
    expect(answers).toEqual([
      { ready: Readiness.Woken, message: 'one' },
      { ready: Readiness.Woken, message: 'two' },
    ]);
    const exit = new Promise((resolve) => lane.once('exit', resolve));
    lane.postMessage('stop');
    event.signal();
    expect(await exit).toBe(0);
    event.close();
  });

  it('throws rather than spin when somebody else closed its descriptor', () => {
    const { socket, fd } = new TestSocket({}, { close: () => 0 });
    linuxSyscalls()!.close(fd);
    expect(() => socket.wait(Number.POSITIVE_INFINITY)).toThrow('closed');
    expect(() => socket.receiveBatch(() => {})).toThrow('EBADF');
    socket.close();
  });
});

/** Waits without end, for messages alone. */
const LANE = `
  import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
  import { EventFd } from './event-fd.ts';
  import { openNativeSocket } from './open.ts';
  const socket = openNativeSocket({ wakeEvent: EventFd.of(workerData.fd) });
  parentPort.postMessage('waiting');
  for (let running = true; running; ) {
    const ready = socket.wait(Infinity);
    const message = receiveMessageOnPort(parentPort)?.message;
    if (message === 'stop') running = false;
    else parentPort.postMessage({ ready, message });
  }
  socket.close();
  parentPort.close();`;

function station() {
  const socket = new TestSocket();
  return {
    socket: socket.socket,
    at: (address: string) => socket.at(address),
    send: socket.send.bind(socket),
  };
}
