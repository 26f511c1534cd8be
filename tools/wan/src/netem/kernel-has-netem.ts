import { tcBatch } from '../namespaces/commands.ts';
import { Namespaces } from '../namespaces/namespaces.ts';
import { onPath } from '../namespaces/requirements.ts';

let known: Promise<boolean> | undefined;

/** Tries it, once, on the loopback of a namespace of its own: modules load by being asked for. */
export function kernelHasNetem(): Promise<boolean> {
  known ??= probe();
  return known;
}

async function probe(): Promise<boolean> {
  if (!onPath('tc')) return false;
  const name = `jswan-${process.pid}-probe`;
  const namespaces = await Namespaces.make([name]);
  try {
    await tcBatch(name, [
      'qdisc add dev lo root handle 1: netem delay 1ms',
      'qdisc add dev lo parent 1: tbf rate 1mbit burst 3200 limit 3200',
    ]);
    return true;
  } catch {
    return false;
  } finally {
    await namespaces.close();
  }
}
