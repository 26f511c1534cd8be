/** The HTTPS and WebSocket side of the API. It knows nothing of transfers: it is given handlers, and who may log in. */
export { type ApiServer, type ApiServerOptions, startApiServer } from './api-server.ts';
export {
  type CheckedCertificate,
  checkCertificate,
  createCertificate,
  daysLeft,
  type ServerCertificate,
} from './certificate.ts';
export { API_LIMITS, type ApiLimits } from './limits.ts';
export type { MetricSource } from './metrics.ts';
