import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tools/suite/longest-first.mjs';
import { bundleThreadsOfTests } from './tools/suite/threads-of-tests.mjs';

const EVERYTHING = [
  'packages/*/src/**/*.test.ts',
  'apps/*/src/**/*.test.ts',
  'tools/*/src/**/*.test.ts',
  'tests/**/*.test.ts',
];

/** What looks at memory, open files or children of its own process, or changes what others would have to live with. */
const IN_OWN_PROCESS = [
  'packages/api/src/server/hostile-*.test.ts',
  'packages/auth/src/client-identity.test.ts',
  'packages/core/src/lane/lane-engine.test.ts',
  'packages/core/src/service/logins/api-logins.test.ts',
  'packages/core/src/storage/storage-workers.test.ts',
  'packages/handshake/src/packet-protection.test.ts',
  'packages/platform/src/**/*.test.ts',
  'packages/protocol/src/{message-stream,messages}.test.ts',
  'packages/storage/src/round-trip.test.ts',
  'tools/wan/src/wan.test.ts',
];

/** Programs and network threads, which run on native functions where there are any, and have to run without. */
const ON_BOTH_PATHS = ['tests/**/*.test.ts', 'packages/core/src/{client,server}/**/*.test.ts'];

/** What kills, disks, terminals and the service do is the same on every datagram path. */
const ON_ONE_PATH = [
  'tests/crash-*.test.ts',
  'tests/unlucky-disks.test.ts',
  'tests/limits.test.ts',
  'tests/changing-sources.test.ts',
  'tests/primer.test.ts',
  'tests/password.test.ts',
  'tests/server.test.ts',
  'tests/setup-lock.test.ts',
  'tests/terminal.test.ts',
  'tests/api-console.test.ts',
  'tests/api-generated-client.test.ts',
  'tests/via.test.ts',
];

await bundleThreadsOfTests('packages/core');

/** One file after another in a process: nothing is left of one that the next could meet. */
const sharedProcess = { isolate: false, restoreMocks: true, unstubEnvs: true };

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
    // One more than processors on the smallest machine: many tests wait, for processes, timers and disks.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: 'native', include: EVERYTHING, exclude: IN_OWN_PROCESS, ...sharedProcess },
      },
      {
        extends: true,
        test: {
          name: 'portable',
          include: ON_BOTH_PATHS,
          exclude: ON_ONE_PATH,
          env: { JETSTREAM_PORTABLE: '1' },
          ...sharedProcess,
        },
      },
      {
        extends: true,
        test: { name: 'own-process', include: IN_OWN_PROCESS },
      },
    ],
  },
});
