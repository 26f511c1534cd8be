import { EXIT_CODES } from './exit-codes.ts';
import { SETTINGS } from './parse-changes.ts';

const settings = Object.entries(SETTINGS).map(([name, meaning]) => `  --${name.padEnd(12)} ${meaning}`);
const exits = Object.values(EXIT_CODES).map(
  ({ status, meaning }) => `  ${String(status).padStart(3)}  ${meaning}`,
);

export const USAGE = `Usage: npm run wan -- [options] [-- COMMAND…]

Makes two network namespaces, a and b, joined by an emulated WAN, and runs COMMAND in a. Without a
command it waits for Ctrl-C; each line typed meanwhile is a change, as for --at. At the end all is
removed, and what happened to the packets is printed. Needs root.

The WAN, in both directions [default: rate 100, delay 50ms, queue as long as the round trip]:
${settings.join('\n')}
  --rtt          round trip, in place of --delay: half of it each way
What differs in one direction (the same names):
  --a-to-b rate=500,loss=1      --b-to-a rate=5
What changes, and when (counted from when the WAN is up; a black hole is loss=100):
  --at 5s rate=50      --at 3s b-to-a:loss=100      --at 8s b-to-a:loss=0

  --in-b LINE    run in b by sh, started before the command in a; the end of a's ends it
  --in-a LINE    run in a by sh, in place of COMMAND
  --json FILE    write the report with its time series
  --bucket TIME  interval of the series [default: 50ms]
  --seed N       what is lost at random [default: 1]
  --backend WAY  netem: the kernel's; tun: our own program; auto: netem where it can [default: auto]
  --granularity TIME   tun: serve packets at most so often [default: 0.3ms]
  -q, --quiet    print nothing but errors and what the commands print

Exit status: that of the command, else
${exits.join('\n')}
`;
