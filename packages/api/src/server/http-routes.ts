import { JetStreamError } from '@jetstream/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isCommandName } from '../commands/commands.ts';
import { API_PATH } from '../openapi/open-api-document.ts';
import type { AnswerMemory } from './answer-memory.ts';
import type { CommandCalls } from './command-calls.ts';
import { errorAnswer } from './error-answer.ts';
import { parseJson } from './json.ts';
import { type ApiLimits, LARGE_COMMANDS } from './limits.ts';
import type { ApiMetrics } from './metrics.ts';
import type { Peer } from './peer.ts';
import { RequestBodies } from './request-body.ts';

export interface RouteContext {
  calls: CommandCalls;
  answers: AnswerMemory;
  limits: ApiLimits;
  metrics: ApiMetrics;
  health: () => { isHealthy: boolean; status: string };
  /** Who sends a request, and what he is logged in as. @throws JetStreamError `limit-exceeded` */
  peerOf: (request: FastifyRequest['raw'], signal: AbortSignal) => Peer;
  onFault: (error: unknown, what: string) => void;
}

/** The paths of the API over HTTPS. */
export function addRoutes(app: FastifyInstance, context: RouteContext): void {
  const { calls, answers, limits, metrics, health, peerOf, onFault } = context;
  const bodies = new RequestBodies(limits);
  let openApiText: string | undefined;

  // Bodies are read once it is known who sends them, and what for.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _body, done) => done(null));
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });

  app.post<{ Params: { command: string } }>(`${API_PATH}/:command`, async (request, reply) => {
    const { command } = request.params;
    const known = isCommandName(command) ? command : 'unknown';
    const startMs = performance.now();
    try {
      const peer = peerOf(request.raw, abortedWith(reply));
      const call = await calls.admit(command, peer);
      const body = await bodies.read(request.raw, bodyLimit(command, peer, limits));
      const given = body.length === 0 ? {} : readArguments(request, body, limits);
      const result = await call(given);
      return sendText(reply, peer, answers.textOf(result));
    } catch (error) {
      return sendError(reply, error);
    } finally {
      metrics.called(known, reply.statusCode, (performance.now() - startMs) / 1_000);
    }
  });

  app.get(`${API_PATH}/openapi.json`, async (request, reply) => {
    const { openApiDocument } = await import('../openapi/open-api-document.ts');
    // It takes a tenth of a second to make, and strangers ask for it.
    openApiText ??= JSON.stringify(openApiDocument());
    return sendText(reply, peerOf(request.raw, abortedWith(reply)), openApiText);
  });

  app.get('/healthz', (_request, reply) => {
    const { isHealthy, status } = health();
    reply.code(isHealthy ? 200 : 503).send({ status });
  });

  app.get('/metrics', async (request, reply) => {
    const peer = peerOf(request.raw, abortedWith(reply));
    await calls.confirm(peer);
    if (!peer.isLocal && !peer.session) {
      return sendError(
        reply,
        new JetStreamError('unauthenticated', 'metrics are for this machine, or need a log-in'),
      );
    }
    return reply.type(metrics.contentType).send(await metrics.text());
  });

  app.setNotFoundHandler((_request, reply) =>
    sendError(
      reply,
      new JetStreamError('not-found', `there is nothing here; commands are POST ${API_PATH}/COMMAND`),
    ),
  );
  app.setErrorHandler((error, _request, reply) => sendError(reply, asKnown(error)));

  function sendText(reply: FastifyReply, { session }: Peer, text: string): FastifyReply {
    const release = answers.hold(session?.identity.account ?? '', text);
    if (reply.raw.closed) release();
    else reply.raw.once('close', release);
    return reply.type('application/json').send(text);
  }

  function sendError(reply: FastifyReply, error: unknown): FastifyReply {
    const { status, body } = errorAnswer(error);
    if (body.error.code === 'internal') onFault(error, reply.request.url);
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    return reply.code(status).type('application/json').send(JSON.stringify(body));
  }
}

function bodyLimit(command: string, { session }: Peer, limits: ApiLimits): number {
  if (!session) return limits.strangerBodyBytes;
  return LARGE_COMMANDS.has(command) ? limits.largeBodyBytes : limits.bodyBytes;
}

function readArguments(request: FastifyRequest, body: Uint8Array, limits: ApiLimits): unknown {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json *(?:; *charset="?utf-8"? *)?$/i.test(type)) {
    throw new JetStreamError(
      'invalid-argument',
      'arguments are one JSON object: content-type: application/json',
    );
  }
  return parseJson(body, limits.jsonDepth);
}

/** Aborted when the connection ends before the answer is sent. */
function abortedWith(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort();
  });
  return abort.signal;
}

/** What fastify itself finds wrong with a request. */
function asKnown(error: unknown): unknown {
  const { statusCode = 500 } = error as { statusCode?: number };
  if (error instanceof JetStreamError || statusCode >= 500) return error;
  return new JetStreamError('invalid-argument', 'the request is malformed', { cause: error });
}
