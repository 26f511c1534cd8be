import type { ApiAuthenticator, ApiHandlers } from '@jetstream/api';
import type { ApiServer, MetricSource } from '@jetstream/api/server';
import { JetStreamError } from '@jetstream/protocol';
import type { ServiceContext } from '../service.ts';
import type { ApiCertificate, CertificateFiles } from './api-certificate.ts';

const DEFAULT_PORT = 8886;

export interface ServiceApiParts {
  handlers: Partial<ApiHandlers>;
  authenticator: ApiAuthenticator;
  metricSources: readonly MetricSource[];
  /** Commands wait for it. */
  ready: Promise<void>;
}

/** The API of a service on its port. */
export class ServiceApi {
  readonly #server: ApiServer;
  readonly #certificate: ApiCertificate;

  private constructor(server: ApiServer, certificate: ApiCertificate) {
    this.#server = server;
    this.#certificate = certificate;
    certificate.onChange = (renewed) => server.setCertificate(renewed);
  }

  /**
   * @returns undefined when the options say that there is to be none
   * @throws JetStreamError as `startApiServer` and `ApiCertificate.open`
   */
  static async listen(context: ServiceContext, parts: ServiceApiParts): Promise<ServiceApi | undefined> {
    const { options, stateDirectory, events, logger } = context;
    if (options.api === false) return undefined;
    const { port = DEFAULT_PORT, host, allowRemoteControl = true, ...files } = options.api ?? {};
    // Who has no API does not load it.
    const [{ startApiServer }, { ApiCertificate }] = await Promise.all([
      import('@jetstream/api/server'),
      import('./api-certificate.ts'),
    ]);
    const certificate = await ApiCertificate.open(stateDirectory, certificateFiles(files), logger);
    try {
      const server = await startApiServer({
        port,
        host,
        allowRemoteControl,
        certificate: certificate.current,
        events,
        ...parts,
        onFault: (error, where) =>
          logger.error(
            { where, why: error instanceof Error ? error.stack : String(error) },
            'fault of the API',
          ),
      });
      return new ServiceApi(server, certificate);
    } catch (error) {
      certificate.close();
      throw error;
    }
  }

  get port(): number {
    return this.#server.port;
  }

  /** Whole days; negative: it has expired. */
  get certificateDaysLeft(): number {
    return this.#certificate.daysLeft;
  }

  /** An API token was taken back. */
  abortWorkOf({ owner, token }: { owner: string; token: string }): void {
    this.#server.abortRequests({ account: owner, token });
  }

  /** Takes nothing new; what runs goes on. */
  refuse(): void {
    this.#server.refuse();
  }

  async close(): Promise<void> {
    this.#certificate.close();
    await this.#server.close();
  }
}

function certificateFiles({
  certificateFile,
  keyFile,
}: Partial<CertificateFiles>): CertificateFiles | undefined {
  if (certificateFile === undefined && keyFile === undefined) return undefined;
  if (certificateFile === undefined || keyFile === undefined) {
    throw new JetStreamError(
      'invalid-argument',
      'a certificate of the API needs its key, and a key its certificate',
    );
  }
  return { certificateFile, keyFile };
}
