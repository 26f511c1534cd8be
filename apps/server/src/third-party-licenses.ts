import { readFile } from 'node:fs/promises';
import type { ThirdPartyLicense } from '@jetstream/core';

/** The packages that are in this program, as the bundler has found them. */
export async function thirdPartyLicenses(): Promise<readonly ThirdPartyLicense[]> {
  const text = await readFile(new URL('third-party-licenses.json', import.meta.url), 'utf8');
  return JSON.parse(text) as ThirdPartyLicense[];
}
