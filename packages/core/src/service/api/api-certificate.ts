import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { CheckedCertificate } from '@jetstream/api/server';
import { checkCertificate, createCertificate, daysLeft } from '@jetstream/api/server';
import { createPrivateFile, keyFingerprint, readPrivateFile } from '@jetstream/auth';
import { fileError } from '@jetstream/platform';
import { JetStreamError } from '@jetstream/protocol';
import { asJetStreamError } from '../../content/failure.ts';
import type { Logger } from '../../logging.ts';

const WATCH_INTERVAL_MS = 5_000;
const DAY_MS = 86_400_000;
const WARN_DAYS = 30;

export interface CertificateFiles {
  certificateFile: string;
  keyFile: string;
}

/**
 * What the API shows to its clients: a certificate that was given, read again when its files change, or else one of our own, made at the first start
 * and never renewed by itself, for clients know it by heart.
 */
export class ApiCertificate {
  readonly #logger: Logger;
  readonly #files: CertificateFiles | undefined;
  readonly #timer: NodeJS.Timeout;
  #current: CheckedCertificate;
  /** Told of a new one. */
  onChange: (certificate: CheckedCertificate) => void = () => undefined;

  private constructor(current: CheckedCertificate, files: CertificateFiles | undefined, logger: Logger) {
    this.#current = current;
    this.#files = files;
    this.#logger = logger;
    this.#tell('certificate of the API');
    this.#warn();
    this.#timer = setInterval(() => this.#warn(), DAY_MS).unref();
    for (const file of Object.values(files ?? {})) {
      watchFile(file, { interval: WATCH_INTERVAL_MS, persistent: false }, this.reload);
    }
  }

  /**
   * @param files those given; undefined: our own
   * @throws JetStreamError `invalid-argument` when they cannot be used, `not-found`, `permission-denied` and the like
   */
  static async open(
    stateDirectory: string,
    files: CertificateFiles | undefined,
    logger: Logger,
  ): Promise<ApiCertificate> {
    const certificate = files
      ? readGiven(files)
      : await readOrCreateOwn(join(stateDirectory, 'api', 'server.pem'));
    return new ApiCertificate(certificate, files, logger);
  }

  get current(): CheckedCertificate {
    return this.#current;
  }

  get daysLeft(): number {
    return daysLeft(this.#current, Date.now());
  }

  close(): void {
    clearInterval(this.#timer);
    for (const file of Object.values(this.#files ?? {})) unwatchFile(file, this.reload);
  }

  /** Reads given files again. Of two one may be new already and the other not: what does not fit together is left until it does. */
  readonly reload = (): void => {
    try {
      this.#current = readGiven(this.#files!);
      this.onChange(this.#current);
      this.#tell('API certificate was read again');
    } catch (error) {
      this.#logger.warn(
        { why: asJetStreamError(error).message },
        'API certificate stays: the new one cannot be used',
      );
    }
  };

  /** The fingerprint is what clients ask about. */
  #tell(message: string): void {
    const fingerprint = keyFingerprint(this.#current.der);
    this.#logger.info({ fingerprint, daysLeft: this.daysLeft }, message);
  }

  #warn(): void {
    const days = this.daysLeft;
    if (days <= WARN_DAYS) this.#logger.warn({ daysLeft: days }, 'the API certificate expires soon');
  }
}

function readGiven({ certificateFile, keyFile }: CertificateFiles): CheckedCertificate {
  const certificate = read(certificateFile, () => readFileSync(certificateFile, 'utf8'));
  const key = read(keyFile, () => readPrivateFile(keyFile).toString());
  return checked({ certificate, key }, `${certificateFile} and ${keyFile}`);
}

async function readOrCreateOwn(file: string): Promise<CheckedCertificate> {
  let text = readIfThere(file);
  if (text === undefined) {
    const names = [...new Set([hostname(), 'localhost', '127.0.0.1', '::1'])];
    const { certificate, key } = await createCertificate(names, Date.now());
    createPrivateFile(file, key + certificate);
    text = read(file, () => readPrivateFile(file).toString());
  }
  return checked(
    { certificate: text, key: text },
    `${file}: remove it, and a new one is made, which clients refuse until they have forgotten this one`,
  );
}

function readIfThere(file: string): string | undefined {
  try {
    return read(file, () => readPrivateFile(file).toString());
  } catch (error) {
    if (asJetStreamError(error).code === 'not-found') return undefined;
    throw error;
  }
}

function read(file: string, reading: () => string): string {
  try {
    return reading();
  } catch (error) {
    throw fileError(error, file);
  }
}

function checked(pem: { certificate: string; key: string }, where: string): CheckedCertificate {
  try {
    return checkCertificate(pem, Date.now());
  } catch (error) {
    const { code, message } = asJetStreamError(error);
    throw new JetStreamError(code, `API certificate: ${message} (${where})`, {
      subject: where,
      cause: error,
    });
  }
}
