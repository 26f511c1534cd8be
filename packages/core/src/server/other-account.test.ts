import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expandSandboxMapping, SYSTEM_ROOT } from '@jetstream/manifest';
import { type Account, canActAsOthers, lookUpAccount } from '@jetstream/platform';
import { volatileState } from '@jetstream/state';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkReceivingOptions } from '../content/receiving-options.ts';
import { Sandboxes } from '../service/sandboxes/sandboxes.ts';
import { StorageHost } from '../storage/storage-host.ts';
import { manifestBatch } from '../testing/manifest-batch.ts';
import { TestServer } from '../testing/test-server.ts';

const nobody = lookUpAccount('nobody');
const possible = canActAsOthers() && nobody !== undefined;

describe.skipIf(!possible)(
  `a transfer of another account${possible ? '' : ' (needs root, FFI and the account nobody)'}`,
  () => {
    const account = nobody as Account;
    let test: TestServer;
    let storage: StorageHost;

    beforeEach(async () => {
      test = await TestServer.start();
      chmodSync(test.base, 0o755);
      storage = new StorageHost();
    });

    afterEach(async () => {
      await storage.close();
      await test.end();
    });

    const writer = (sandboxDirectory: string) => ({
      actAs: account,
      rule: 'server' as const,
      transferId: 'test',
      sandbox: expandSandboxMapping({ '': sandboxDirectory }, account),
      destinationPath: '',
      ...checkReceivingOptions({}),
      verify: false,
      preserve: false,
      resumable: false,
    });

    it('makes files that belong to the account, in a directory of its own', async () => {
      const template = join(test.sandbox, '%u');
      chmodSync(test.sandbox, 0o755);
      const sandboxes = await Sandboxes.open(
        { sandboxDirectory: template },
        await volatileState(),
        test.base,
      );
      sandboxes.ruleFor(account);
      expect(statSync(join(test.sandbox, account.name))).toMatchObject({
        uid: account.uid,
        gid: account.gid,
      });
      await storage.call('openWriter', writer(template));
      await storage.call('readBatch', manifestBatch('/file', 0));
      await storage.call('addEntries');
      const { outcomes } = await storage.call('commitReady', 10);
      expect(outcomes).toMatchObject({ targets: ['/file'], failures: [] });
      expect(statSync(join(test.sandbox, account.name, 'file')).uid).toBe(account.uid);
    });

    it('is refused where the account may not write', async () => {
      await storage.call('openWriter', writer(test.directory('of-root')));
      await storage.call('readBatch', manifestBatch('/file', 0));
      const added = await storage.call('addEntries');
      const committed = await storage.call('commitReady', 10);
      expect([...added.outcomes.failures, ...committed.outcomes.failures]).toMatchObject([
        { code: 'permission-denied' },
      ]);
    });

    it('is refused a source that the account may not read', async () => {
      const secret = join(test.base, 'secret');
      writeFileSync(secret, 'secret', { mode: 0o600 });
      await storage.call('openReader', {
        actAs: account,
        sandbox: SYSTEM_ROOT,
        mappings: [{ source: secret, target: '/x' }],
        symlinks: 'follow',
        verify: false,
        preserve: false,
      });
      const { sealedBlocks, problems } = await storage.call('nextBatch', 10);
      const failures =
        sealedBlocks.length === 0
          ? []
          : (await storage.call('readBlock', 0, new Uint8Array(2 ** 20))).failures;
      expect([...problems, ...failures]).toMatchObject([{ code: 'permission-denied' }]);
      expect(readFileSync(secret, 'utf8')).toBe('secret');
    });

    it('does not follow a symlink that the account put in place of its sandbox', async () => {
      const own = join(test.sandbox, account.name);
      mkdirSync(own);
      symlinkSync(test.base, join(own, 'data'));
      chmodSync(test.sandbox, 0o755);
      await expect(
        storage.call('openWriter', writer(join(test.sandbox, '%u', 'data'))),
      ).rejects.toMatchObject({
        code: expect.stringMatching(/path-refused|not-a-directory/),
      });
    });
  },
);
