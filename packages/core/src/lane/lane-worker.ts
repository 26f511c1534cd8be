/** Entry of a lane: a thread that owns one UDP socket and the connections on it. */
import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import { EventFd, type NativeSocket, openNativeSocket } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { LaneEngine, type PathTraits } from './lane-engine.ts';
import { LaneMail } from './lane-mail.ts';
import type { LaneOptions } from './lane-messages.ts';
import { LaneNeighbours } from './lane-neighbours.ts';
import { runNativeLoop } from './native-loop.ts';
import { PortableLoop } from './portable-loop.ts';

if (parentPort === null) throw new Error('lane-worker runs as a worker thread only');
const mail = new LaneMail(parentPort);
const [options] = (await once(parentPort, 'message')) as [LaneOptions];
const { port, host } = options;
const makeEngine = (path: PathTraits) => new LaneEngine(options, path);

try {
  let refusal = 'the portable path was asked for';
  const socket =
    options.wakeFd === undefined ? undefined : openSocket(options.wakeFd, (why) => (refusal = why));
  if (socket === undefined) await runPortably(refusal);
  else runNatively(socket);
} catch (error) {
  const { code, message } =
    error instanceof JetStreamError ? error : { code: 'internal' as const, message: String(error) };
  mail.send([{ lane: 'failed', code, message }]);
  mail.close();
}

function openSocket(wakeFd: number, onRefusal: (why: string) => void): NativeSocket | undefined {
  return openNativeSocket({
    port,
    ...(host === undefined ? {} : { host }),
    wakeEvent: EventFd.of(wakeFd),
    markEcn: true,
    sharePort: options.neighbours.length > 0,
    onRefusal,
  });
}

function runNatively(socket: NativeSocket): void {
  const { localPort, receiveBufferBytes, maxDatagramBytes } = socket;
  const maxDatagramBytesTo = (address: string) => socket.maxDatagramBytesFor(address);
  const engine = makeEngine({ maxDatagramBytes, maxDatagramBytesTo, marksEcn: true });
  mail.send([
    { lane: 'ready', path: { kind: 'native', port: localPort, receiveBufferBytes, refusal: undefined } },
  ]);
  const neighbours = new LaneNeighbours(options.index, options.neighbours);
  runNativeLoop(socket, engine, mail, neighbours);
}

async function runPortably(refusal: string): Promise<void> {
  const { path } = await PortableLoop.start({ port, host, makeEngine, mail });
  const { localPort, receiveBufferBytes } = path;
  mail.send([{ lane: 'ready', path: { kind: 'portable', port: localPort, receiveBufferBytes, refusal } }]);
}
