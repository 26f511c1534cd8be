import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** What one logs in with: 256 random bits, with a mark by which people and scanners of leaks know it. */
export function newSecret(): string {
  return `jst_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** By what a secret is found. It is too long to be guessed, so a hash without salt or work keeps it as well as any. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
