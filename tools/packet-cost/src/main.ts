/** `npm run packet-cost`: what a packet costs at either end, by part, in CPU time and in bytes of the heap. */
import { parseArgs } from 'node:util';
import { noAead, noCopy } from './nothing-but-states.ts';
import { measureInOneThread } from './one-thread.ts';
import { printReport, type SideReport } from './report.ts';
import { measureOverLoopback } from './two-threads.ts';

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '1024' },
    datagram: { type: 'string', default: '1472' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const blocks = Number(values.mib);
const maxDatagramBytes = Number(values.datagram);
const stages: Record<string, { title: string; measure: () => Promise<SideReport[]> }> = {
  states: {
    title: 'states: one thread, no encryption, nothing copied',
    measure: () => measureInOneThread(blocks, { aead: noAead, copyBytes: noCopy }),
  },
  memory: { title: 'memory: one thread', measure: () => measureInOneThread(blocks) },
  loopback: {
    title: 'loopback: two threads, native sockets',
    measure: () => measureOverLoopback({ blocks, maxDatagramBytes }),
  },
};
const chosen = values.only === undefined ? Object.keys(stages) : values.only.split(',');
const reports: Record<string, SideReport[]> = {};
for (const name of chosen) {
  const stage = stages[name];
  if (stage === undefined)
    throw new Error(`there is no ${name}; there are ${Object.keys(stages).join(', ')}`);
  reports[name] = await stage.measure();
  if (!values.json) printReport(stage.title, reports[name]);
}
if (values.json) console.log(JSON.stringify(reports));
