import type { ApiCaller, UserData } from '@jetstream/api';
import { JetStreamError } from '@jetstream/protocol';
import type { Change, Collection } from '@jetstream/state';
import type { ServiceClock } from '../clock.ts';
import type { ServiceEvents } from '../events.ts';
import { newId } from '../ids.ts';
import { type ListFilters, listObjects } from '../object-list.ts';
import { findOwned, ownerOf } from '../owner.ts';
import { expiryOf } from './expiry.ts';
import { hashPassword, isPassword } from './password-hash.ts';
import type { TokenRecord } from './record.ts';
import { hashOfSecret, newSecret } from './secret.ts';

/** Of one owner, of each kind. */
const MAX_TOKENS_OF_OWNER = 1_000;

/** What is given to make a token. */
export interface NewToken {
  description: string;
  password?: string | undefined;
  expiryTime?: number | undefined;
  lifetime?: string | undefined;
  userData: UserData;
}

/** Tokens of one kind. One that has expired is as one that is not there. */
export class TokenStore<T extends TokenRecord> {
  readonly #records: Collection<T>;
  readonly #bySecret = new Map<string, string>();
  readonly #clock: ServiceClock;
  readonly #events: ServiceEvents;
  readonly #describe: (record: T) => object;

  constructor(
    records: Collection<T>,
    clock: ServiceClock,
    events: ServiceEvents,
    describe: (record: T) => object,
  ) {
    this.#records = records;
    this.#clock = clock;
    this.#events = events;
    this.#describe = describe;
    for (const { token, secretHash } of records.values()) this.#bySecret.set(secretHash, token);
  }

  /** undefined also once it has expired. */
  get(token: string): Readonly<T> | undefined {
    const record = this.#records.get(token);
    return record === undefined || this.#isOver(record) ? undefined : record;
  }

  *values(): IterableIterator<Readonly<T>> {
    for (const record of this.#records.values()) if (!this.#isOver(record)) yield record;
  }

  /** When the next one ends, µs since the Unix epoch. */
  get nextExpiry(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { expiryTime } of this.values()) next = Math.min(next, expiryTime ?? next);
    return next;
  }

  /** @throws JetStreamError `not-found` */
  find(token: string, caller: ApiCaller): Readonly<T> {
    return findOwned(this, token, caller, 'token');
  }

  list(filters: ListFilters, caller: ApiCaller, matches?: (record: T) => boolean): Readonly<T>[] {
    return listObjects(this.values(), filters, caller, matches);
  }

  /** @returns what one logs in with: it is nowhere else. @throws JetStreamError `invalid-argument`, `limit-exceeded` */
  async create(
    given: NewToken,
    caller: ApiCaller,
    own: Omit<T, keyof TokenRecord>,
  ): Promise<{ record: Readonly<T>; secret: string }> {
    this.#checkRoom(caller.account);
    const requestTime = this.#clock.wallUs();
    const secret = newSecret();
    const common: TokenRecord = {
      token: newId(),
      ...ownerOf(caller),
      secretHash: hashOfSecret(secret),
      password: given.password === undefined ? null : await hashPassword(given.password),
      description: given.description,
      requestTime,
      expiryTime: expiryOf(given, requestTime),
      userData: given.userData,
    };
    const record = { ...common, ...own } as T;
    await this.#records.put(record.token, record);
    this.#bySecret.set(record.secretHash, record.token);
    this.#events.emit('tokenCreated', this.#describe(record), record);
    return { record, secret };
  }

  async put(record: T): Promise<void> {
    await this.#records.put(record.token, record);
  }

  /** @param also written in one with it */
  async delete(record: T, also?: readonly Change[]): Promise<void> {
    await this.#records.delete(record.token, also);
    this.#bySecret.delete(record.secretHash);
    this.#events.emit('tokenDeleted', this.#describe(record), record);
  }

  /** Also one that has expired, until it is removed. */
  has(token: string): boolean {
    return this.#records.has(token);
  }

  /** Removes those that have expired by then, and those that `isUseless`. @returns how many */
  async collect(nowUs: number, isUseless: (record: T) => boolean): Promise<number> {
    const over = [...this.#records.values()].filter((record) => isOver(record, nowUs) || isUseless(record));
    for (const record of over) await this.delete(record);
    return over.length;
  }

  async changeUserData(
    token: string,
    caller: ApiCaller,
    change: (before: UserData) => UserData,
  ): Promise<UserData> {
    const record = this.find(token, caller);
    const userData = change(record.userData);
    await this.put({ ...record, userData });
    return userData;
  }

  /** The token of a secret, its password checked. undefined: there is none, or the password is wrong; which one takes as long. */
  async verify(secret: string, password: string | undefined): Promise<Readonly<T> | undefined> {
    const record = this.get(this.#bySecret.get(hashOfSecret(secret)) ?? '');
    const expected = record?.password ?? null;
    if (password !== undefined) {
      const isRight = await isPassword(password, expected);
      // One that needs none is not made better by one.
      return isRight || (record !== undefined && expected === null) ? this.get(record!.token) : undefined;
    }
    return expected === null ? record : undefined;
  }

  #isOver(record: TokenRecord): boolean {
    return isOver(record, this.#clock.wallUs());
  }

  #checkRoom(owner: string): void {
    let own = 0;
    for (const record of this.#records.values()) if (record.owner === owner) own++;
    if (own < MAX_TOKENS_OF_OWNER) return;
    throw new JetStreamError(
      'limit-exceeded',
      `an account has at most ${MAX_TOKENS_OF_OWNER.toLocaleString('en')} tokens of a kind: delete some`,
    );
  }
}

function isOver({ expiryTime }: TokenRecord, nowUs: number): boolean {
  return expiryTime !== null && expiryTime <= nowUs;
}
