import {
  bytesPerMs,
  changedDirection,
  DIRECTIONS,
  type Direction,
  type DirectionChanges,
  type DirectionOptions,
} from '../direction-options.ts';
import { DEVICE_NAME, type Emulation, MTU_BYTES } from '../emulation.ts';
import { ipBatch, run, tcBatch } from '../namespaces/commands.ts';
import { ADDRESSES, ADDRESSES6, configureEnds } from '../namespaces/ends.ts';
import { TrafficSeries } from '../shaper/traffic-series.ts';
import type { WanSettings } from '../wan-options.ts';
import type { DirectionReport, WanReport } from '../wan-report.ts';
import { ETHERNET_HEADER_BYTES, qdiscCommands, refuseBeyondNetem } from './netem-commands.ts';
import { parseQdiscStatistics, type QdiscStatistics } from './qdisc-statistics.ts';

/** Fixed, so that no end ever asks the other for it through the WAN. */
const LINK_ADDRESSES = { a: '02:00:00:00:00:0a', b: '02:00:00:00:00:0b', router: '02:00:00:00:00:01' };
/** Asking costs a process each time. */
const SHORTEST_SAMPLE_MS = 50;

interface NamespaceNames {
  a: string;
  b: string;
  router: string;
}

/**
 * A router between the ends, whose devices have the kernel's netem and tbf. It is in a namespace of its own, because a queue
 * of the sending machine is one that its TCP knows of and holds back for.
 */
export async function startNetemEmulation(names: NamespaceNames, settings: WanSettings): Promise<Emulation> {
  for (const direction of DIRECTIONS) refuseBeyondNetem(settings.directions[direction]);
  await ipBatch(names.router, [...routerPort('a', names.a), ...routerPort('b', names.b)]);
  await ipBatch(names.router, [...routerWay6('a'), ...routerWay6('b')]).catch(() => undefined); // no IPv6
  await run('ip', ['netns', 'exec', names.router, 'sh', '-c', FORWARD]);
  // Super-packets would pass the bottleneck as one: they are cut up where they leave the end.
  await configureEnds(names, [`link set ${DEVICE_NAME} gso_max_segs 1 up`], LINK_ADDRESSES.router);
  const ways = Object.fromEntries(
    DIRECTIONS.map((direction) => [direction, new NetemWay(names.router, direction, settings)]),
  ) as Record<Direction, NetemWay>;
  for (const direction of DIRECTIONS) await ways[direction].apply(settings.directions[direction]);
  return new NetemEmulation(ways, settings);
}

const FORWARD = `
echo 1 > /proc/sys/net/ipv4/ip_forward
[ ! -e /proc/sys/net/ipv6 ] || echo 1 > /proc/sys/net/ipv6/conf/all/forwarding`;

function routerPort(end: 'a' | 'b', namespace: string): string[] {
  const device = portOf(end);
  return [
    `link add ${device} address ${LINK_ADDRESSES.router} mtu ${MTU_BYTES} type veth peer name ${DEVICE_NAME} address ${LINK_ADDRESSES[end]} mtu ${MTU_BYTES} netns ${namespace}`,
    `link set ${device} up`,
    `route add ${ADDRESSES[end]}/32 dev ${device}`,
    `neigh replace ${ADDRESSES[end]} lladdr ${LINK_ADDRESSES[end]} nud permanent dev ${device}`,
  ];
}

function routerWay6(end: 'a' | 'b'): string[] {
  const device = portOf(end);
  return [
    `route add ${ADDRESSES6[end]}/128 dev ${device}`,
    `neigh replace ${ADDRESSES6[end]} lladdr ${LINK_ADDRESSES[end]} nud permanent dev ${device}`,
  ];
}

function portOf(end: 'a' | 'b'): string {
  return `to-${end}`;
}

class NetemEmulation implements Emulation {
  readonly failed = new Promise<Error>(() => {}); // the kernel does not break
  readonly #ways: Record<Direction, NetemWay>;
  readonly #seed: number;
  readonly #upSinceMs = performance.now();
  readonly #changes: WanReport['changes'] = [];
  readonly #sampleMs: number;
  #timer: NodeJS.Timeout | undefined;
  #sampling: Promise<unknown> = Promise.resolve();

  constructor(ways: Record<Direction, NetemWay>, settings: WanSettings) {
    this.#ways = ways;
    this.#seed = settings.seed;
    this.#sampleMs = sampleMs(settings);
    this.#schedule();
  }

  async change(direction: Direction, changes: DirectionChanges): Promise<void> {
    const way = this.#ways[direction];
    await way.apply(changedDirection(way.options, changes));
    this.#changes.push({ atMs: this.#nowMs(), direction, changes });
  }

  async report(): Promise<WanReport> {
    await this.#sample();
    const atMs = this.#nowMs();
    return {
      backend: 'netem',
      seed: this.#seed,
      elapsedMs: atMs,
      cpuSeconds: 0,
      changes: this.#changes,
      'a-to-b': await this.#ways['a-to-b'].report(atMs),
      'b-to-a': await this.#ways['b-to-a'].report(atMs),
    };
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#sampling;
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#sample().then(
        () => this.#schedule(),
        () => {}, // the namespace is gone
      );
    }, this.#sampleMs);
    this.#timer.unref();
  }

  #sample(): Promise<unknown> {
    const sampled = this.#sampling.then(() =>
      Promise.all(DIRECTIONS.map((direction) => this.#ways[direction].sample(() => this.#nowMs()))),
    );
    this.#sampling = sampled.catch(() => undefined);
    return sampled;
  }

  #nowMs(): number {
    return performance.now() - this.#upSinceMs;
  }
}

function sampleMs({ bucketMs }: WanSettings): number {
  return Math.max(SHORTEST_SAMPLE_MS, bucketMs);
}

class NetemWay {
  options: DirectionOptions;
  readonly #router: string;
  readonly #from: string;
  readonly #to: string;
  readonly #series: TrafficSeries;
  #last: QdiscStatistics = {
    deliveredPackets: 0,
    deliveredBytes: 0,
    droppedByQueue: 0,
    droppedAtRandom: 0,
    queueBytes: 0,
  };
  readonly #deepest = { bytes: 0, ms: 0 };

  constructor(router: string, direction: Direction, settings: WanSettings) {
    this.options = settings.directions[direction];
    this.#router = router;
    this.#from = portOf(direction === 'a-to-b' ? 'a' : 'b');
    this.#to = portOf(direction === 'a-to-b' ? 'b' : 'a');
    this.#series = new TrafficSeries(sampleMs(settings) * 1000);
  }

  async apply(options: DirectionOptions): Promise<void> {
    await tcBatch(this.#router, qdiscCommands(this.#to, options));
    this.options = options;
  }

  async sample(clockMs: () => number): Promise<void> {
    const shown = await run('tc', ['-n', this.#router, '-s', '-j', 'qdisc', 'show', 'dev', this.#to]);
    const now = parseQdiscStatistics(shown);
    const atUs = clockMs() * 1000;
    this.#series.delivered(atUs, now.deliveredBytes - this.#last.deliveredBytes);
    this.#series.droppedByQueue(atUs, now.droppedByQueue - this.#last.droppedByQueue);
    this.#series.droppedAtRandom(atUs, now.droppedAtRandom - this.#last.droppedAtRandom);
    this.#series.queue(atUs, now.queueBytes);
    this.#last = now;
    const { rateMbitPerSecond: rate } = this.options;
    this.#deepest.bytes = Math.max(this.#deepest.bytes, now.queueBytes);
    if (rate !== 'unlimited') {
      this.#deepest.ms = Math.max(this.#deepest.ms, now.queueBytes / bytesPerMs(rate));
    }
  }

  async report(atMs: number): Promise<DirectionReport> {
    const last = this.#last;
    return {
      offered: await this.#offered(),
      delivered: { packets: last.deliveredPackets, bytes: last.deliveredBytes },
      droppedByQueue: { packets: last.droppedByQueue },
      droppedAtRandom: { packets: last.droppedAtRandom },
      deepestQueue: this.#deepest,
      options: this.options,
      lostByEmulation: 0,
      series: this.#series.report(atMs * 1000),
    };
  }

  async #offered(): Promise<{ packets: number; bytes: number }> {
    const shown = await run('ip', ['-n', this.#router, '-s', '-j', 'link', 'show', 'dev', this.#from]);
    const [link] = JSON.parse(shown) as [{ stats64: { rx: { packets: number; bytes: number } } }];
    const { packets, bytes } = link.stats64.rx;
    return { packets, bytes: bytes - packets * ETHERNET_HEADER_BYTES };
  }
}
