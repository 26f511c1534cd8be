import type { Connection, ConnectionEvent } from '../contract.ts';
import { seededRandom } from '../endpoint/testing/seeded-random.ts';

/** Byte `at` of the endless pattern that stream tests send. */
function patternByte(stream: number, at: number): number {
  return (at * 131 + (at >>> 8) * 7 + stream * 17) & 255;
}

/** Writes a pattern to a stream in pieces of random size, as fast as the stream takes it. */
export class StreamSource {
  written = 0;
  private readonly connection: Connection;
  private readonly stream: number;
  private readonly total: number;
  private readonly random: () => number;

  constructor(connection: Connection, stream: number, total: number, seed = 1) {
    this.connection = connection;
    this.stream = stream;
    this.total = total;
    this.random = seededRandom(seed);
    this.write();
  }

  onEvent(event: ConnectionEvent): void {
    if (event.type === 'stream-writable' && event.stream === this.stream) this.write();
  }

  private write(): void {
    let hasRoom = true;
    while (hasRoom && this.written < this.total) {
      const length = Math.min(this.total - this.written, 1 + Math.floor(this.random() * 20_000));
      const start = this.written;
      this.written += length;
      hasRoom = this.connection.writeStream(
        this.stream,
        Uint8Array.from({ length }, (_, i) => patternByte(this.stream, start + i)),
      );
    }
  }
}

/** Takes that pattern, and compares. */
export class StreamSink {
  received = 0;
  wrongBytes = 0;
  private readonly connection: Connection;
  private readonly stream: number;
  private readonly total: number;

  constructor(connection: Connection, stream: number, total: number) {
    this.connection = connection;
    this.stream = stream;
    this.total = total;
  }

  onEvent(event: ConnectionEvent): void {
    if (event.type !== 'stream-data' || event.stream !== this.stream) return;
    for (const byte of event.bytes) {
      if (byte !== patternByte(this.stream, this.received)) this.wrongBytes += 1;
      this.received += 1;
    }
    this.connection.consumeStream(this.stream, event.bytes.length);
  }

  get isDone(): boolean {
    return this.received === this.total;
  }
}
