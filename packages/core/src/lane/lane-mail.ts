import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { LaneCommand, LaneEvent } from './lane-messages.ts';

/** A lane's end of the line to the main thread. */
export class LaneMail {
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** Hands out all commands that have arrived; for a thread whose event loop never turns. */
  readAll(run: (command: LaneCommand) => void): void {
    for (let mail = receiveMessageOnPort(this.#port); mail !== undefined; ) {
      (mail.message as LaneCommand[]).forEach(run);
      mail = receiveMessageOnPort(this.#port);
    }
  }

  /** The same for a thread whose event loop turns. @param run is called for each command, `done` after the last of a few */
  onArrival(run: (command: LaneCommand) => void, done: () => void): void {
    this.#port.on('message', (commands: LaneCommand[]) => {
      commands.forEach(run);
      done();
    });
  }

  /** Messages to be sent together, if there are any. */
  send(events: LaneEvent[] | undefined): void {
    if (events !== undefined) this.#port.postMessage(events, events.flatMap(buffersOf));
  }

  close(): void {
    this.#port.close();
  }
}

/** Bytes of a stream are a copy of their own: it changes hands rather than being copied again. */
function buffersOf(message: LaneEvent): ArrayBuffer[] {
  if (!('event' in message) || message.event.type !== 'stream-data') return [];
  const { buffer, byteLength } = message.event.bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
