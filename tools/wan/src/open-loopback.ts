import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { MTU_BYTES } from './emulation.ts';
import { ipBatch } from './namespaces/commands.ts';
import { Namespaces } from './namespaces/namespaces.ts';
import { findNamespaceLack, LackError } from './namespaces/requirements.ts';

/** A network namespace with nothing but a loopback device, at which both ends of a transfer can sit. */
export interface Loopback {
  /** As `ip netns` knows it. */
  readonly name: string;
  readonly address: string;
  /** Starts a command inside. It ends when the loopback is closed. */
  exec(argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /** Ends all processes inside and removes everything. */
  close(): Promise<void>;
}

let loopbacksOpened = 0;

/**
 * Makes a network namespace whose loopback has the MTU of Ethernet (1,500) in place of 65,536. It goes with `close`, and with this
 * process, however that ends.
 * @throws LackError what is missing on this machine: root, `ip`
 */
export async function openLoopback(): Promise<Loopback> {
  const lack = findNamespaceLack();
  if (lack) throw new LackError(lack);
  const name = `jslo-${process.pid}${loopbacksOpened === 0 ? '' : `.${loopbacksOpened}`}`;
  loopbacksOpened += 1;
  const namespaces = await Namespaces.make([name]);
  try {
    await ipBatch(name, [`link set lo mtu ${MTU_BYTES} up`]);
  } catch (error) {
    await namespaces.close();
    throw error;
  }
  return {
    name,
    address: '127.0.0.1',
    exec: (argv, options = {}) => spawn('ip', ['netns', 'exec', name, ...argv], options),
    close: () => namespaces.close(),
  };
}
