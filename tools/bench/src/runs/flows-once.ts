import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { FlowGroup, FlowsCase } from '../cases/case.ts';
import type { Contender, Scene } from '../contenders/contender.ts';
import { bytesPerSecond, type Progress } from '../figures/flow-rates.ts';
import { type PathSeries, seriesWithin } from '../figures/wan-figures.ts';
import type { Running } from '../processes/running.ts';
import { openStage } from './stage.ts';
import type { WorkDirectory } from './work-directory.ts';

/** Transfers that ran at once. */
export interface FlowsResult {
  outcome: 'ran' | 'failed';
  /** Why not. */
  why?: string;
  /** In the order of the group: what arrived in each second. */
  bytesPerSecond: number[][];
  series?: PathSeries;
  /** Above 0 the emulation was too slow, and no figure is to be trusted. */
  lostByEmulation: number;
}

const FIRST_PORT = 8886;

/** Starts all flows of a group at once, has them run for the seconds of the case, and ends them. */
export async function flowsOnce(
  { path, seconds }: FlowsCase,
  group: FlowGroup,
  contenders: readonly Contender[],
  seed: number,
  work: WorkDirectory,
): Promise<FlowsResult> {
  // Enough for one that takes everything.
  const sourceBytes = Math.ceil((path.rateMbitPerSecond * seconds) / 8) * 1_000_000;
  const source = work.source({ files: 1, fileBytes: sourceBytes });
  const stage = await openStage(path, seed);
  try {
    const flows: Flow[] = [];
    for (const [index, contender] of contenders.entries()) {
      const directory = work.directory('flows', `${group.label}-${index}`);
      const target = join(work.directory('target', `${index}`), basename(source));
      const { sender, receiver } = stage;
      const flow = new Flow(contender, {
        sender,
        receiver,
        directory,
        source,
        sourceBytes,
        target,
        port: FIRST_PORT + index,
      });
      await flow.prepare();
      flows.push(flow);
    }
    const fromMs = (await stage.report())!.elapsedMs;
    for (const flow of flows) flow.start();
    await Promise.race([
      new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
      stage.failed.then((error) => {
        throw error;
      }),
      ...flows.map((flow) => flow.broken),
    ]);
    const report = (await stage.report())!;
    await Promise.all(flows.map((flow) => flow.stop()));
    return {
      outcome: 'ran',
      bytesPerSecond: flows.map(({ progress }) => bytesPerSecond(progress, seconds)),
      series: seriesWithin(report, path, { fromMs, toMs: fromMs + seconds * 1000 }),
      lostByEmulation: report['a-to-b'].lostByEmulation + report['b-to-a'].lostByEmulation,
    };
  } catch (error) {
    return { outcome: 'failed', why: (error as Error).message, bytesPerSecond: [], lostByEmulation: 0 };
  } finally {
    await stage.close();
    rmSync(work.directory('target'), { recursive: true, force: true });
  }
}

/** One transfer among others, which goes on until it is stopped. */
class Flow {
  readonly progress: Progress[] = [];
  /** Rejects when the sender ends by itself. */
  readonly broken: Promise<never>;
  readonly #contender: Contender;
  readonly #scene: Scene;
  #receiver: Running | undefined;
  #sender: Running | undefined;
  #stopped = false;
  #break: (error: Error) => void = () => {};

  constructor(contender: Contender, scene: Scene) {
    this.#contender = contender;
    this.#scene = scene;
    this.broken = new Promise((_, reject) => {
      this.#break = reject;
    });
    this.broken.catch(() => {}); // for whoever waits for it
  }

  async prepare(): Promise<void> {
    await this.#contender.prepare?.(this.#scene);
    this.#receiver = await this.#contender.serve?.(this.#scene);
  }

  start(): void {
    const sender = this.#contender.copy(this.#scene);
    this.#sender = sender;
    const { from, bytes } = this.#contender.progress!;
    const end = from === 'sender' ? sender : this.#receiver!;
    end.onLine((line) => {
      const now = bytes(line, this.progress.at(-1)?.bytes ?? 0);
      if (now !== undefined) this.progress.push({ atMs: performance.now() - sender.startedMs, bytes: now });
    });
    sender.ended.then(({ status, stderr }) => {
      if (this.#stopped) return;
      this.#break(new Error(`${this.#contender.name} ended with status ${status}: ${stderr.trim()}`));
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#sender?.stop();
    await this.#receiver?.stop();
  }
}
