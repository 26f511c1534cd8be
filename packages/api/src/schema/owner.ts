import * as z from 'zod';

/** Whose an object is: fields that all of them have. */
export const ownerFields = {
  owner: z.string().describe('Account that made it. Others do not see it.'),
  ownerToken: z.string().nullable().describe('API token that it was made with.'),
  ownerTokenSession: z.string().nullable().describe('Log-in with that token that it was made in.'),
};
