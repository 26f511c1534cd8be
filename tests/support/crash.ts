import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { seededRandom } from '../../tools/lossy-proxy/src/seeded-random.mjs';
import { compareTrees, describeTree, writeFile } from '../../tools/programs/src/tree.mjs';
import { Arena, expectOk, type Finished, type RunningCopy, type ServerProcess } from './arena.ts';

const MiB = 2 ** 20;

/** Which side of a copy is killed. */
export type Victim = 'jscp' | 'server';

/** What has lost a bit when the copy is run again. */
export type Spoilt = 'partial' | 'state';

/** Copies of one mixed tree, each killed at a moment that a seed chooses and then run again. */
export class CrashCourse {
  readonly #arena: Arena;
  readonly #direction: 'upload' | 'download';
  readonly #source: string;
  readonly #totalBytes: number;
  readonly #expected: ReturnType<typeof describeTree>;
  #server: ServerProcess;

  private constructor(arena: Arena, direction: 'upload' | 'download', server: ServerProcess) {
    this.#arena = arena;
    this.#direction = direction;
    this.#server = server;
    this.#source = direction === 'upload' ? join(arena.source, 'tree') : join(arena.sandbox, 'origin');
    this.#totalBytes = makeMixedTree(this.#source);
    this.#expected = describeTree(this.#source);
  }

  static async open(direction: 'upload' | 'download'): Promise<CrashCourse> {
    const arena = await Arena.create();
    return new CrashCourse(arena, direction, await arena.startServer());
  }

  close(): Promise<void> {
    return this.#arena.close();
  }

  /** Kills, runs the same command again, and expects of it equal bytes, no leftovers, and that nothing is sent that was said to be durable. */
  async run(victim: Victim, seed: number, spoilt?: Spoilt): Promise<void> {
    const random = seededRandom(seed);
    const isUpload = this.#direction === 'upload';
    const copy = join(isUpload ? this.#arena.sandbox : this.#arena.base, `copy-${seed}`);
    const operands = isUpload ? [this.#source, `127.0.0.1:/copy-${seed}`] : ['127.0.0.1:/origin', copy];
    const parameters = ['--checkpoint', '0.1', '-l', '100M', ...operands];
    const first = this.#arena.startJscp(this.#server.port, parameters);
    await this.#untilMoment(first, random);
    if (victim === 'server') await this.#server.stop('SIGKILL');
    first.child.kill('SIGKILL');
    const killed = await first.finished;
    if (spoilt === 'partial') for (const path of partialsBelow(copy)) flipBit(join(copy, path), random);
    if (spoilt === 'state')
      for (const path of filesBelow(join(this.#arena.state, 'level'))) flipBit(path, random);
    if (victim === 'server') this.#server = await this.#arena.startServer();

    const second = await this.#arena.startJscp(this.#server.port, parameters).finished;

    expectOk(second);
    // A state that was mended by leaving something out may have forgotten whose partial files are dead.
    if (spoilt === 'state') for (const path of partialsBelow(copy)) rmSync(join(copy, path));
    expect(compareTrees(await this.#expected, await describeTree(copy))).toEqual([]);
    if (spoilt === undefined) this.#expectNothingTwice(killed, second, seed);
    rmSync(copy, { recursive: true });
  }

  #expectNothingTwice(killed: Finished, second: Finished, seed: number): void {
    const sent = lastNumber(second.stdout, 'bytes') - lastNumber(second.stdout, 'presentBytes');
    const durable = lastNumber(killed.stdout, 'durableBytes');
    expect(sent, `${durable} of ${this.#totalBytes} bytes were durable (seed ${seed})`).toBeLessThanOrEqual(
      this.#totalBytes - durable + this.#totalBytes / 100,
    );
  }

  /** One in ten at any time from the start on, the others when so much has arrived, and a little later. */
  async #untilMoment(copy: RunningCopy, random: () => number): Promise<void> {
    const share = random();
    if (share < 0.1) await delay(random() * 500);
    else {
      await Promise.race([copy.untilAcked(((share - 0.1) / 0.9) * this.#totalBytes), copy.finished]);
      await delay(random() * 200);
    }
  }
}

/** Large and small files, an empty one, one with a hole, some deep down. */
function makeMixedTree(root: string): number {
  const sizes = [3 * MiB + 1, 2 * MiB, MiB, MiB - 1, 77, 0, 1];
  for (const [index, size] of sizes.entries()) writeFile(join(root, `large-${index}`), size, index);
  for (let index = 0; index < 60; index++)
    writeFile(join(root, `many/${index % 5}/${index}`), index * 211, 100 + index);
  writeFile(join(root, 'deep/er/and/deeper/file'), MiB + 5, 300);
  writeFile(join(root, 'sparse'), MiB, 301);
  truncateSync(join(root, 'sparse'), 8 * MiB);
  return filesBelow(root).reduce((sum, path) => sum + statSync(path).size, 0);
}

function flipBit(path: string, random: () => number): void {
  const bytes = readFileSync(path);
  if (bytes.length === 0) return;
  bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
  writeFileSync(path, bytes);
}

function partialsBelow(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('.jspart-'));
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** What a copy printed of itself, by the last line that says it. */
function lastNumber(json: string, field: string): number {
  return Number([...json.matchAll(new RegExp(`"${field}":(\\d+)`, 'g'))].at(-1)?.[1] ?? 0);
}
