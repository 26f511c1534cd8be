/** What the queues of one direction have counted since they were made. */
export interface QdiscStatistics {
  deliveredPackets: number;
  deliveredBytes: number;
  droppedByQueue: number;
  droppedAtRandom: number;
  /** Now, at the bottleneck. */
  queueBytes: number;
}

interface ShownQdisc {
  kind: string;
  bytes: number;
  packets: number;
  drops: number;
  backlog: number;
}

/** @param shown what `tc -s -j qdisc show dev …` printed of a device with the queues of `qdiscCommands` */
export function parseQdiscStatistics(shown: string): QdiscStatistics {
  const qdiscs = JSON.parse(shown) as ShownQdisc[];
  const netem = qdiscs.find(({ kind }) => kind === 'netem')!;
  const tbf = qdiscs.find(({ kind }) => kind === 'tbf')!;
  return {
    deliveredPackets: netem.packets,
    deliveredBytes: netem.bytes, // of IP packets, as its stab has it
    droppedByQueue: tbf.drops,
    droppedAtRandom: netem.drops - tbf.drops, // netem counts the drops of its child, too
    queueBytes: tbf.backlog,
  };
}
