import { defineConfig } from 'vitest/config';

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
  'tests/primer.test.ts',
  'tests/setup-lock.test.ts',
  'tests/api-console.test.ts',
  'tests/api-generated-client.test.ts',
  'tests/via.test.ts',
];

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
        test: {
          name: 'native',
          include: [
            'packages/*/src/**/*.test.ts',
            'apps/*/src/**/*.test.ts',
            'tools/*/src/**/*.test.ts',
            'tests/**/*.test.ts',
          ],
        },
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
    ],
  },
});
