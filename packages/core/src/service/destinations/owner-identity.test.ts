import { chmodSync, chownSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canActAsOthers, currentUser, lookUpAccount } from '@jetstream/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientIdentityLine } from '../../client/identity.ts';
import { StorageWorkers } from '../../storage/storage-workers.ts';
import { ownerIdentity } from './owner-identity.ts';

const nobody = lookUpAccount('nobody');
const ownConfig = process.env.JETSTREAM_CONFIG_DIR;

let base: string;
let storage: StorageWorkers;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'jetstream-identity-'));
  storage = new StorageWorkers();
});
afterEach(async () => {
  if (ownConfig === undefined) delete process.env.JETSTREAM_CONFIG_DIR;
  else process.env.JETSTREAM_CONFIG_DIR = ownConfig;
  await storage.close();
  rmSync(base, { recursive: true });
});

const blobOf = (line: string) => line.split(' ')[1];

it('of the account that runs the server is that of its configuration, and is not made', async () => {
  process.env.JETSTREAM_CONFIG_DIR = base;
  const identityOf = ownerIdentity(storage);
  expect(await identityOf(currentUser().name)).toMatchObject({ why: expect.stringContaining(base) });
  const line = await clientIdentityLine(base);
  const { signer } = await identityOf(currentUser().name);
  expect(Buffer.from(signer!.publicKeyBlob).toString('base64')).toBe(blobOf(line));
});

describe.skipIf(!canActAsOthers() || nobody === undefined)('of another account, read by root', () => {
  let config: string;
  let identity: string;
  let line: string;
  const identityOf = () =>
    ownerIdentity(storage, () => ({ ...nobody!, homeDirectory: join(base, 'home') }))('nobody');

  beforeEach(async () => {
    config = join(base, 'home', '.config', 'jetstream');
    mkdirSync(config, { recursive: true });
    for (const directory of [base, join(base, 'home'), join(base, 'home', '.config'), config]) {
      chmodSync(directory, 0o755);
    }
    line = await clientIdentityLine(config);
    identity = join(config, 'identity');
  });

  it('is the one that the account may read', async () => {
    chownSync(identity, nobody!.uid, nobody!.gid);
    const { signer } = await identityOf();
    expect(Buffer.from(signer!.publicKeyBlob).toString('base64')).toBe(blobOf(line));
  });

  it('is none that others may read, and none that only root may read, wherever a link leads', async () => {
    expect(await identityOf()).toMatchObject({ why: expect.stringContaining('refused access') });
    renameSync(identity, join(base, 'of-root'));
    symlinkSync(join(base, 'of-root'), identity);
    expect(await identityOf()).toMatchObject({ why: expect.stringContaining('refused access') });
    rmSync(identity);
    renameSync(join(base, 'of-root'), identity);
    chownSync(identity, nobody!.uid, nobody!.gid);
    chmodSync(identity, 0o644);
    expect(await identityOf()).toMatchObject({ why: expect.stringContaining('chmod 600') });
  });
});
