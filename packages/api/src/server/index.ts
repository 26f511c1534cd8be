/** The HTTPS and WebSocket side of the API. It knows nothing of transfers: it is given handlers, and who may log in. */
export { type ApiServer, type ApiServerOptions, startApiServer } from './api-server.ts';

import type { ServerCertificate } from './certificate.ts';

export {
  type CheckedCertificate,
  checkCertificate,
  daysLeft,
  type ServerCertificate,
} from './certificate.ts';
export { API_LIMITS, type ApiLimits } from './limits.ts';
export type { MetricSource } from './metrics.ts';

/** That of self-signed-certificate.ts, loaded when it is needed: once in the life of a server. */
export async function createCertificate(names: readonly string[], nowMs: number): Promise<ServerCertificate> {
  return (await import('./self-signed-certificate.ts')).createCertificate(names, nowMs);
}
