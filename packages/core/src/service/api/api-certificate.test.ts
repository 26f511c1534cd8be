import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificate } from '@jetstream/api/server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogger } from '../../logging.ts';
import { ApiCertificate } from './api-certificate.ts';

const DAY_MS = 86_400_000;
const logger = createLogger('silent');
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'jetstream-certificate-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const files = () => ({ certificateFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') });

async function write(madeMs = Date.now()): Promise<void> {
  const { certificate, key } = await createCertificate(['host'], madeMs);
  writeFileSync(files().certificateFile, certificate);
  writeFileSync(files().keyFile, key, { mode: 0o600 });
}

it('is made at the first start, for this user alone, and the same from then on', async () => {
  const first = await ApiCertificate.open(directory, undefined, logger);
  const second = await ApiCertificate.open(directory, undefined, logger);
  expect(second.current.der).toEqual(first.current.der);
  expect(first.daysLeft).toBe(3_649);
  expect(statSync(join(directory, 'api', 'server.pem')).mode & 0o777).toBe(0o600);
  for (const opened of [first, second]) opened.close();
});

it('that is given is read again when it is another, and stays while the new one cannot be used', async () => {
  await write();
  const opened = await ApiCertificate.open(directory, files(), logger);
  const first = opened.current;
  const told: Uint8Array[] = [];
  opened.onChange = ({ der }) => told.push(der);
  writeFileSync(files().certificateFile, (await createCertificate(['other'], Date.now())).certificate);
  opened.reload();
  expect(opened.current).toBe(first);
  await write();
  opened.reload();
  expect(opened.current.der).not.toEqual(first.der);
  expect(told).toEqual([opened.current.der]);
  opened.close();
});

it('that cannot be used is refused by name', async () => {
  const open = () => ApiCertificate.open(directory, files(), logger);
  await write();
  writeFileSync(files().certificateFile, (await createCertificate(['other'], Date.now())).certificate);
  await expect(open()).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining('the key is not that of the certificate'),
  });
  await write(Date.now() - 3_651 * DAY_MS);
  await expect(open()).rejects.toMatchObject({
    code: 'invalid-argument',
    message: expect.stringContaining('has expired'),
  });
  await write();
  chmodSync(files().keyFile, 0o644);
  await expect(open()).rejects.toMatchObject({ code: 'permission-denied' });
  chmodSync(files().keyFile, 0o600);
  writeFileSync(files().keyFile, 'no key');
  await expect(open()).rejects.toThrow('the key cannot be read as PEM');
  rmSync(files().keyFile);
  await expect(open()).rejects.toMatchObject({ code: 'not-found' });
});
