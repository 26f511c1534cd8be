/** `npm run packet-cost`: what a packet costs at either end, by part, in CPU time and in bytes of the heap. */
import { parseArgs } from 'node:util';
import { aeadProvider } from '@jetstream/platform';
import { nullAead } from '@jetstream/transport/testing';
import { measureInOneThread } from './one-thread.ts';
import { printReport } from './report.ts';
import { measureOverLoopback } from './two-threads.ts';

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '1024' },
    datagram: { type: 'string', default: '1472' },
    only: { type: 'string', default: '' },
  },
});
const blocks = Number(values.mib);
const maxDatagramBytes = Number(values.datagram);
const wants = (name: string): boolean => name.includes(values.only);

if (wants('null')) printReport('null: one thread, no encryption', await measureInOneThread(nullAead, blocks));
if (wants('memory')) printReport('memory: one thread', await measureInOneThread(aeadProvider(), blocks));
if (wants('loopback')) {
  const title = 'loopback: two threads, native sockets';
  printReport(title, await measureOverLoopback({ blocks, maxDatagramBytes }));
}
