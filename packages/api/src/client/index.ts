/** Drives a JetStream server over its HTTPS API. Loads no schema: what is wrong with arguments the server tells. */
export {
  ApiClient,
  type ApiClientOptions,
  type ApiLogin,
  type AsyncCommandName,
  type CallOptions,
  type SignLogin,
} from './api-client.ts';
export type { EventStream } from './event-stream.ts';
export type { CertificateCheck, ServerCertificate } from './pinned-agent.ts';
