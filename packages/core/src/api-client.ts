/** What a program needs to drive a server over its HTTPS API, without the rest of core. */
export * from '@jetstream/api/client';
