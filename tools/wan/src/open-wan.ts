import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { changedDirection, DIRECTIONS, type Direction, type DirectionChanges } from './direction-options.ts';
import type { Emulation } from './emulation.ts';
import { startTunEmulation } from './emulator/tun-emulation.ts';
import { ADDRESSES, ADDRESSES6, hasAddress6 } from './namespaces/ends.ts';
import { Namespaces } from './namespaces/namespaces.ts';
import { findLack, LackError } from './namespaces/requirements.ts';
import { kernelHasNetem } from './netem/kernel-has-netem.ts';
import { beyondNetem, refuseBeyondNetem } from './netem/netem-commands.ts';
import { startNetemEmulation } from './netem/netem-emulation.ts';
import { completeOptions, type WanOptions, type WanSettings } from './wan-options.ts';
import type { Backend, WanReport } from './wan-report.ts';

/** One end: a network namespace with a device, an address, and nothing else but a loopback. */
export interface WanEnd {
  /** As `ip netns` knows it. */
  readonly name: string;
  readonly address: string;
  /** Undefined where the kernel has no IPv6. */
  readonly address6: string | undefined;
  /** Starts a command inside. It ends when the WAN is closed. */
  exec(argv: readonly string[], options?: SpawnOptions): ChildProcess;
}

export interface Wan {
  readonly backend: Backend;
  readonly a: WanEnd;
  readonly b: WanEnd;
  /** @throws JetStreamError `invalid-argument`; what was in force stays */
  set(direction: Direction | 'both', changes: DirectionChanges): Promise<void>;
  /** What happened so far. */
  report(): Promise<WanReport>;
  /** Tells why, when the WAN breaks without being closed; else never settles. */
  readonly failed: Promise<Error>;
  /** Ends all processes inside and removes everything. @returns the last report; undefined if the WAN broke before */
  close(): Promise<WanReport | undefined>;
}

let wansOpened = 0;

/**
 * Makes two network namespaces joined by an emulated WAN. All of it goes with `close`, and with this process, however
 * that ends.
 * @throws LackError what is missing on this machine: root, `ip`, TUN; JetStreamError `invalid-argument`
 */
export async function openWan(options: WanOptions = {}): Promise<Wan> {
  const settings = completeOptions(options);
  const lack = findLack();
  if (lack) throw new LackError(lack);
  const backend = options.backend ?? (await fittingBackend(settings));
  const prefix = `jswan-${process.pid}${wansOpened === 0 ? '' : `.${wansOpened}`}`;
  wansOpened += 1;
  const names = { a: `${prefix}-a`, b: `${prefix}-b`, router: `${prefix}-r` };
  const namespaces = await Namespaces.make(
    backend === 'netem' ? [names.a, names.b, names.router] : [names.a, names.b],
  );
  try {
    const start = backend === 'netem' ? startNetemEmulation : startTunEmulation;
    const emulation = await start(names, settings);
    const addressed6 = await hasAddress6(names.a);
    return new OpenWan({ emulation, backend, namespaces, names, settings, addressed6 });
  } catch (error) {
    await namespaces.close();
    throw error;
  }
}

async function fittingBackend({ directions }: WanSettings): Promise<Backend> {
  if (DIRECTIONS.some((direction) => beyondNetem(directions[direction]))) return 'tun';
  return (await kernelHasNetem()) ? 'netem' : 'tun';
}

class OpenWan implements Wan {
  readonly backend: Backend;
  readonly a: WanEnd;
  readonly b: WanEnd;
  readonly failed: Promise<Error>;
  readonly #emulation: Emulation;
  readonly #namespaces: Namespaces;
  #directions: WanSettings['directions'];
  #closed: Promise<WanReport | undefined> | undefined;

  constructor(parts: {
    emulation: Emulation;
    backend: Backend;
    namespaces: Namespaces;
    names: { a: string; b: string };
    settings: WanSettings;
    addressed6: boolean;
  }) {
    this.backend = parts.backend;
    this.a = wanEnd(parts.names, 'a', parts.addressed6);
    this.b = wanEnd(parts.names, 'b', parts.addressed6);
    this.failed = parts.emulation.failed;
    this.#emulation = parts.emulation;
    this.#namespaces = parts.namespaces;
    this.#directions = { ...parts.settings.directions };
  }

  async set(direction: Direction | 'both', changes: DirectionChanges): Promise<void> {
    const changed = { ...this.#directions };
    for (const each of direction === 'both' ? DIRECTIONS : [direction]) {
      changed[each] = changedDirection(changed[each], changes);
      if (this.backend === 'netem') refuseBeyondNetem(changed[each]);
    }
    this.#directions = changed;
    for (const each of direction === 'both' ? DIRECTIONS : [direction]) {
      await this.#emulation.change(each, changes);
    }
  }

  report(): Promise<WanReport> {
    return this.#emulation.report();
  }

  close(): Promise<WanReport | undefined> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<WanReport | undefined> {
    const report = await this.#emulation.report().catch(() => undefined);
    await this.#namespaces.close(); // first, so that what runs inside can still say goodbye
    await this.#emulation.close();
    return report;
  }
}

function wanEnd(names: { a: string; b: string }, end: 'a' | 'b', addressed6: boolean): WanEnd {
  return {
    name: names[end],
    address: ADDRESSES[end],
    address6: addressed6 ? ADDRESSES6[end] : undefined,
    exec: (argv, options = {}) => spawn('ip', ['netns', 'exec', names[end], ...argv], options),
  };
}
