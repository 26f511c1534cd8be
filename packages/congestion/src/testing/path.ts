import type { CongestionController, RememberedPath } from '../controller.ts';
import { type ControllerName, createController, initialWindowBytes } from '../create-controller.ts';
import { Bottleneck, type BottleneckOptions } from './bottleneck.ts';
import { FairQueue } from './fair-queue.ts';
import { seededRandom } from './random.ts';
import { Sender, type SenderOptions } from './sender.ts';
import { Simulation } from './simulation.ts';

export const DATAGRAM_BYTES = 1_400;

/** A path and who sends on it, in the units people speak of paths in. */
export interface PathOptions {
  mbitPerSecond: number;
  rttMs: number;
  /** Size of the drop-tail queue, in bandwidth-delay products. Default 1. */
  bufferBdp?: number;
  /** Chance of each packet to be lost at random. Default 0. */
  loss?: number;
  /** Default one 'bbr'. A function makes a controller that has no name. */
  controllers?: readonly (ControllerName | (() => CongestionController))[];
  /** Default 1,400. */
  datagramBytes?: number;
  seed?: number;
  /** RTT that the senders know from the handshake. Default: none. */
  handshakeRttMs?: number;
  rememberedPath?: RememberedPath;
  link?: Partial<BottleneckOptions>;
  /** FQ-CoDel in place of one queue; nothing of `link` applies then. Default false. */
  fairQueue?: boolean;
  sender?: (index: number) => Partial<SenderOptions>;
}

export interface PathSimulation {
  simulation: Simulation;
  /** The first sender. */
  sender: Sender;
  bytesPerSecond: number;
  bdpBytes: number;
}

export function simulatePath(options: PathOptions): PathSimulation {
  const { mbitPerSecond, rttMs, bufferBdp = 1, loss = 0, controllers = ['bbr'], seed = 1 } = options;
  const { datagramBytes = DATAGRAM_BYTES } = options;
  const bytesPerSecond = mbitPerSecond * 125_000;
  const bdpBytes = (bytesPerSecond * rttMs) / 1_000;
  const bufferBytes = Math.max(bufferBdp * bdpBytes, 2 * datagramBytes);
  const bottleneck =
    options.fairQueue === true
      ? new FairQueue(bytesPerSecond, bufferBytes)
      : new Bottleneck({
          bytesPerSecond,
          bufferBytes,
          lossProbability: loss,
          random: seededRandom(seed),
          ...options.link,
        });
  const senders = controllers.map((controller, index) => {
    const random = seededRandom(1_000 * seed + index);
    return new Sender({
      controller:
        typeof controller === 'function'
          ? controller()
          : createController(controller, {
              datagramBytes,
              initialWindowBytes: initialWindowBytes(datagramBytes),
              handshakeRttUs: (options.handshakeRttMs ?? 0) * 1_000,
              rememberedPath: options.rememberedPath,
              random,
            }),
      bottleneck,
      rttUs: rttMs * 1_000,
      datagramBytes,
      random,
      ...options.sender?.(index),
    });
  });
  return { simulation: new Simulation(bottleneck, senders), sender: senders[0]!, bytesPerSecond, bdpBytes };
}
