/** What the command exits with, besides the status of what it ran. Numbers of `env` and `timeout` where they have one. */
export const EXIT_CODES = {
  ok: { status: 0, meaning: 'it ran, and what it ran ended with 0' },
  usage: { status: 2, meaning: 'the command line cannot be used' },
  root: { status: 120, meaning: 'it needs root' },
  lack: { status: 121, meaning: 'the machine lacks something else: Linux, ip (iproute2), TUN' },
  failed: { status: 125, meaning: 'the WAN could not be made, or broke' },
} as const;

/** Of a process that ended; as shells count signals. */
export function exitStatus(status: number | null, signalNumber: number): number {
  return status ?? 128 + signalNumber;
}
