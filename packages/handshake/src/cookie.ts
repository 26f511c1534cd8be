import { createHmac, timingSafeEqual } from 'node:crypto';

/** HS-5. */
export const COOKIE_LIFETIME_US = 30_000_000;

const SECRET_BYTES = 32;
const SECRET_LIFETIME_US = 60_000_000;
const TIMESTAMP_BYTES = 6;
const DIGEST_BYTES = 32;
export const COOKIE_BYTES = TIMESTAMP_BYTES + DIGEST_BYTES;

/** Where an Initial came from, and the id its client chose. */
export interface CookieSubject {
  address: string;
  port: number;
  /** 8 bytes. */
  connectionId: Uint8Array;
}

/**
 * Address cookies (HS-4, HS-5): proof that a client receives what is sent to its address, kept by the client alone.
 * A cookie is a time stamp (ms, 48 bits) and HMAC-SHA256 over time stamp, connection id, port and address under a secret
 * that is replaced every minute; the one before it is still good.
 */
export class CookieJar {
  readonly #randomBytes: (length: number) => Uint8Array;
  #secret: Uint8Array;
  #previousSecret: Uint8Array;
  #secretSinceUs = Number.NEGATIVE_INFINITY;

  /** @param randomBytes cryptographically strong */
  constructor(randomBytes: (length: number) => Uint8Array) {
    this.#randomBytes = randomBytes;
    this.#secret = randomBytes(SECRET_BYTES);
    this.#previousSecret = this.#secret;
  }

  /** @returns COOKIE_BYTES bytes */
  issue(nowUs: number, subject: CookieSubject): Uint8Array {
    this.#rotate(nowUs);
    const timestamp = Buffer.alloc(TIMESTAMP_BYTES);
    timestamp.writeUIntBE(toTimestampMs(nowUs), 0, TIMESTAMP_BYTES);
    return Buffer.concat([timestamp, digest(this.#secret, timestamp, subject)]);
  }

  /** True when this jar issued the cookie to that subject at most 30 s ago. */
  verify(nowUs: number, cookie: Uint8Array, subject: CookieSubject): boolean {
    if (cookie.length !== COOKIE_BYTES) return false;
    this.#rotate(nowUs);
    const bytes = Buffer.from(cookie.buffer, cookie.byteOffset, cookie.byteLength);
    const ageMs = toTimestampMs(nowUs) - bytes.readUIntBE(0, TIMESTAMP_BYTES);
    if (ageMs < 0 || ageMs * 1000 > COOKIE_LIFETIME_US) return false;
    const timestamp = bytes.subarray(0, TIMESTAMP_BYTES);
    const claimed = bytes.subarray(TIMESTAMP_BYTES);
    return (
      timingSafeEqual(claimed, digest(this.#secret, timestamp, subject)) ||
      timingSafeEqual(claimed, digest(this.#previousSecret, timestamp, subject))
    );
  }

  #rotate(nowUs: number): void {
    if (nowUs - this.#secretSinceUs < SECRET_LIFETIME_US) return;
    this.#previousSecret = this.#secret;
    this.#secret = this.#randomBytes(SECRET_BYTES);
    this.#secretSinceUs = nowUs;
  }
}

function toTimestampMs(nowUs: number): number {
  return Math.floor(nowUs / 1000) % 2 ** (8 * TIMESTAMP_BYTES);
}

/** Fixed lengths go first, so that no two subjects give the same bytes. */
function digest(secret: Uint8Array, timestamp: Uint8Array, subject: CookieSubject): Uint8Array {
  return createHmac('sha256', secret)
    .update(timestamp)
    .update(subject.connectionId)
    .update(Uint8Array.of(subject.port >> 8, subject.port & 0xff))
    .update(subject.address, 'utf8')
    .digest();
}
