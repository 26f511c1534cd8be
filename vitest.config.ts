import { defineConfig } from 'vitest/config';
import { bundleThreadsOfTests } from './tools/bundle/threads-of-tests.mjs';

const EVERYTHING = [
  'packages/*/src/**/*.test.ts',
  'apps/*/src/**/*.test.ts',
  'tools/*/src/**/*.test.ts',
  'tests/**/*.test.ts',
];

/** What measures or changes its own process, and what has threads and programs of JetStream running. The others take turns in two processes. */
const IN_OWN_PROCESS = [
  'tests/**/*.test.ts',
  'packages/core/src/**/*.test.ts',
  'packages/platform/src/**/*.test.ts',
  'packages/api/src/server/hostile-peers.test.ts',
  'packages/auth/src/client-identity.test.ts',
  'packages/handshake/src/packet-protection.test.ts',
  'packages/protocol/src/{message-stream,messages}.test.ts',
];

/** Programs and network threads, which run on native functions where there are any, and have to run without. */
const ON_BOTH_PATHS = ['tests/**/*.test.ts', 'packages/core/src/{client,server}/**/*.test.ts'];

/** What kills, disks and the service do is the same on every datagram path. */
const ON_ONE_PATH = [
  'tests/crash-*.test.ts',
  'tests/unlucky-disks.test.ts',
  'tests/limits.test.ts',
  'tests/changing-sources.test.ts',
  'tests/primer.test.ts',
  'tests/password.test.ts',
  'tests/setup-lock.test.ts',
  'tests/api-console.test.ts',
  'tests/api-generated-client.test.ts',
  'tests/via.test.ts',
];

await bundleThreadsOfTests('packages/core');

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'native', include: IN_OWN_PROCESS },
      },
      {
        extends: true,
        test: {
          name: 'portable',
          include: ON_BOTH_PATHS,
          exclude: ON_ONE_PATH,
          env: { JETSTREAM_PORTABLE: '1' },
        },
      },
      {
        extends: true,
        test: {
          name: 'shared',
          include: EVERYTHING,
          exclude: IN_OWN_PROCESS,
          isolate: false,
          restoreMocks: true,
          unstubEnvs: true,
        },
      },
    ],
  },
});
