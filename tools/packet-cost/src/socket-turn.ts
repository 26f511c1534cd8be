import type { DatagramAddress, NativeSocket, OnDatagram } from '@jetstream/platform';
import type { TransportEndpoint } from '@jetstream/transport';
import { CpuMeter } from './cpu-meter.ts';

const DATAGRAMS_PER_TURN = 256;
const LONGEST_WAIT_US = 200_000;
/** 16 messages of 64 segments at most, were they as small as nothing. */
const MOST_OF_A_BATCH = 16 * 65_536;

/** The loop's body: wait, receive, take events, send. */
export class SocketTurn {
  readonly meter = new CpuMeter();
  packetsSent = 0;
  packetsReceived = 0;
  private arrived = 0;
  private readonly starts = new Uint32Array(MOST_OF_A_BATCH);
  private readonly ends = new Uint32Array(MOST_OF_A_BATCH);
  private bytes: Uint8Array = new Uint8Array(0);
  private from: DatagramAddress | undefined;

  private readonly socket: NativeSocket;
  private readonly endpoint: TransportEndpoint;
  private readonly drain: () => void;

  constructor(socket: NativeSocket, endpoint: TransportEndpoint, drain: () => void) {
    this.socket = socket;
    this.endpoint = endpoint;
    this.drain = drain;
  }

  take(): void {
    const { socket, endpoint, meter } = this;
    meter.enter('wait');
    const waitUs = Math.min(endpoint.nextWakeUs() - nowUs(), LONGEST_WAIT_US);
    socket.wait(Math.max(0, waitUs * 1000));
    meter.enter('socket receive');
    this.arrived = 0;
    const count = socket.receiveBatch(this.onDatagram);
    this.packetsReceived += count;
    meter.enter('endpoint receive');
    const receivedUs = nowUs();
    for (let index = 0; index < count; index++) {
      endpoint.receive(receivedUs, this.bytes, this.from!, 0, this.starts[index]!, this.ends[index]!);
    }
    meter.enter('events');
    this.drain();
    meter.enter('transmit');
    this.send();
    meter.enter('socket send');
    socket.flush();
    meter.enter('events');
    this.drain();
    meter.leave();
  }

  /** Kept until the whole batch is there, so that the system's work and the endpoint's are told apart: its memory stays as it is until the next batch. */
  private readonly onDatagram: OnDatagram = (bytes, from, _ecn, start, end) => {
    this.starts[this.arrived] = start;
    this.ends[this.arrived] = end;
    this.arrived += 1;
    this.bytes = bytes;
    this.from = from;
  };

  private send(): void {
    const { socket, endpoint } = this;
    const sendUs = nowUs();
    for (let count = 0; count < DATAGRAMS_PER_TURN; count++) {
      const at = socket.reserve();
      if (at < 0) return;
      const { bytes, address } = endpoint.transmit(sendUs, socket.sendMemory, at);
      if (bytes === 0) return;
      socket.commit(bytes, address);
      this.packetsSent += 1;
    }
  }
}

export function nowUs(): number {
  return performance.now() * 1000;
}
