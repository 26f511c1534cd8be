import type { LossModelOptions } from './loss-models/loss-model.ts';
import type { Stepped } from './step-schedule.ts';

/** One direction of a path, as data. Packets pass its parts in the order of the fields. */
export interface LinkOptions {
  /** Names the link in reports, and picks its sequence of random numbers. */
  name: string;
  /** Largest IP packet; a larger one vanishes without a word, as on a path whose ICMP is filtered. Default 1,500. */
  mtuBytes?: Stepped;
  /** Bytes on the wire (UDP and IP headers included) per second, above 0. Default Infinity. */
  rateBytesPerSecond?: Stepped;
  /** Token bucket in front of everything that drops what comes too fast, whatever the queue. Default none. */
  policer?: { readonly rateBytesPerSecond: number; readonly burstBytes: number };
  /** Drop-tail queue in front of the wire, in bytes on the wire. Default Infinity. */
  queueBytes?: number;
  /** Packets that find more than this in the queue are marked CE, if their sender's host is ECN-capable. Default Infinity. */
  ecnThresholdBytes?: number;
  /** Clears the ECN field of all packets, as some routers do. Default false. */
  bleachesEcn?: boolean;
  /** What the wire loses: after the queue, so lost packets have used the link's capacity. Default none. */
  loss?: readonly LossModelOptions[];
  /** Share of packets in which one to three bits flip. Default 0. */
  corruptedShare?: number;
  /** Propagation delay. Default 0. */
  delayUs?: Stepped;
  /** Uniform extra delay of 0…jitterUs for each packet. Default 0. */
  jitterUs?: number;
  /** May jitter change the order of packets? Default false: a packet waits for those before it. */
  jitterReorders?: boolean;
  /** This share of packets is held back by 0…upToUs while others overtake. Default none. */
  reordering?: { readonly share: number; readonly upToUs: number };
  /** Share of packets that arrive twice; the copy comes 0…duplicateWithinUs later. Default 0, 1 ms. */
  duplicatedShare?: number;
  duplicateWithinUs?: number;
}

export interface LinkCounters {
  /** Packets offered, and what became of them; a duplicate counts in neither. */
  offered: number;
  delivered: number;
  droppedByPolicer: number;
  droppedByQueue: number;
  droppedByLoss: number;
  droppedByMtu: number;
  corrupted: number;
  duplicated: number;
  reordered: number;
  marked: number;
  /** Datagram bytes (without headers) offered and delivered. */
  offeredBytes: number;
  deliveredBytes: number;
  /** Deepest queue, in bytes on the wire. */
  deepestQueueBytes: number;
}
