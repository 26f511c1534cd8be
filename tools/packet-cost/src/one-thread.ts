import type { EndpointOptions, PathAddress, TransportEndpoint } from '@jetstream/transport';
import { BlockSink, BlockSource } from './bulk-applications.ts';
import { CpuMeter } from './cpu-meter.ts';
import { HeapMeter } from './heap-meter.ts';
import { Laps } from './laps.ts';
import { makeEndpoint } from './make-endpoint.ts';
import { MemoryPath } from './memory-path.ts';
import { medians, type SideReport } from './report.ts';

const STEP_US = 50;
const SENDER: PathAddress = { address: '127.0.0.1', port: 1 };
const RECEIVER: PathAddress = { address: '127.0.0.1', port: 2 };

/** One end: an endpoint between two directions of a path. */
class Side {
  readonly endpoint: TransportEndpoint;
  readonly meter = new CpuMeter();
  packetsSent = 0;
  private readonly inbound: MemoryPath;
  private readonly outbound: MemoryPath;
  private readonly peer: PathAddress;

  constructor(endpoint: TransportEndpoint, inbound: MemoryPath, outbound: MemoryPath, peer: PathAddress) {
    this.endpoint = endpoint;
    this.inbound = inbound;
    this.outbound = outbound;
    this.peer = peer;
  }

  step(nowUs: number, drain: () => void): void {
    const { endpoint, meter, inbound, outbound, peer } = this;
    meter.enter('endpoint receive');
    for (let at = inbound.take(nowUs); at >= 0; at = inbound.take(nowUs)) {
      endpoint.receive(nowUs, inbound.memory, peer, 0, at, at + inbound.takenBytes);
    }
    meter.enter('events');
    drain();
    meter.enter('transmit');
    for (;;) {
      const { bytes } = endpoint.transmit(nowUs, outbound.memory, outbound.reserve());
      if (bytes === 0) break;
      outbound.commit(nowUs, bytes);
      this.packetsSent += 1;
    }
    meter.enter('events');
    drain();
    meter.leave();
  }
}

/** Bulk data between two endpoints in one thread, in virtual time over memory. @param options of both, other than a lane's */
export async function measureInOneThread(
  blocks: number,
  options: Partial<EndpointOptions> = {},
): Promise<SideReport[]> {
  const [there, back] = [new MemoryPath(), new MemoryPath()];
  const sender = new Side(makeEndpoint(options), back, there, RECEIVER);
  const receiver = new Side(makeEndpoint({ ...options, acceptIncoming: true }), there, back, SENDER);
  const connection = sender.endpoint.connect(0, RECEIVER);
  const source = new BlockSource(connection, blocks);
  const sink = new BlockSink(blocks);
  const heap = new HeapMeter();
  const laps = new Laps(blocks);
  let nowUs = 0;
  const drainSender = (): void => source.drain(nowUs);
  const drainReceiver = (): void => {
    const { endpoint } = receiver;
    for (let ready = endpoint.pollReady(); ready !== undefined; ready = endpoint.pollReady())
      sink.drain(ready);
  };
  while (!source.isDone) {
    nowUs += STEP_US;
    sender.step(nowUs, drainSender);
    while (sender.endpoint.pollReady() !== undefined);
    receiver.step(nowUs, drainReceiver);
    const packets = laps.ended(source.acked, sender.packetsSent, heap);
    if (packets === undefined) continue;
    sender.meter.lap(packets);
    receiver.meter.lap(packets);
  }
  const stats = { ...connection.stats() };
  return [
    { name: 'sender', nanoseconds: medians(sender.meter.laps), stats, heap: await heap.finish() },
    { name: 'receiver', nanoseconds: medians(receiver.meter.laps) },
  ];
}
