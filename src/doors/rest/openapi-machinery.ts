/** The fixed parts of the OpenAPI document: what is no operation, and the components all operations share. */

import { ERRORS } from '../../errors.ts';

const text = { 'text/plain': { schema: { type: 'string' } } };
const requestId = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };
const problem = { $ref: '#/components/responses/Problem' };
const refused = (name: string) => ({ $ref: `#/components/responses/${name}` });
const tags = ['machinery'];

/** Endpoints of the machinery, by path. */
export const MACHINERY = {
  '/v1/oauth/token': {
    post: {
      operationId: 'issueToken',
      tags,
      summary: 'Get a token with client credentials',
      description: 'RFC 6749, section 4.4: the client by the Basic header, or as client_id and client_secret.',
      security: [{ client: [] }, {}],
      requestBody: {
        required: true,
        content: {
          'application/x-www-form-urlencoded': {
            schema: { $ref: '#/components/schemas/TokenRequest' },
            example: { grant_type: 'client_credentials', scope: 'tickets:read tickets:write' },
          },
        },
      },
      responses: {
        200: {
          description: 'A token, to be sent as `Authorization: Bearer`.',
          headers: { ...requestId, 'Cache-Control': { $ref: '#/components/headers/NoStore' } },
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Token' } } },
        },
        400: {
          description: 'The request is not one for a token, or asks for too much.',
          headers: { ...requestId, 'Cache-Control': { $ref: '#/components/headers/NoStore' } },
          content: { 'application/json': { schema: { $ref: '#/components/schemas/TokenError' } } },
        },
        401: {
          description: 'The client is unknown, its secret is wrong, or it was revoked.',
          headers: {
            ...requestId,
            'Cache-Control': { $ref: '#/components/headers/NoStore' },
            'WWW-Authenticate': { $ref: '#/components/headers/WWWAuthenticate' },
          },
          content: { 'application/json': { schema: { $ref: '#/components/schemas/TokenError' } } },
        },
        413: refused('PayloadTooLarge'),
        500: refused('Internal'),
        503: refused('Unavailable'),
        default: problem,
      },
    },
  },
  '/v1/integrations/{integrationId}/inbound': {
    post: {
      operationId: 'takeMessage',
      tags,
      summary: 'Take what another system sends',
      description:
        'JSON, signed as the integration says (see createIntegration), over the body as it is sent. Its mapping makes entries of it, and each is saved or refused by itself. 401 is said of an integration that is not there or switched off, of a wrong signature and of one older than 5 minutes alike. With standard_webhooks a message that was taken as a whole is not taken again.',
      security: [{}],
      parameters: [
        {
          name: 'integrationId',
          in: 'path',
          required: true,
          description: 'Id of the integration.',
          schema: { type: 'string' },
          example: 'int_01k9zv3m5qe8w9y2f4h6j8m0n1',
        },
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: { description: 'Whatever the other system sends.' }, example: { id: 42 } },
        },
      },
      responses: {
        200: {
          description: 'What became of each entry.',
          headers: { ...requestId, 'Cache-Control': { $ref: '#/components/headers/NoStore' } },
          content: { 'application/json': { schema: { $ref: '#/components/schemas/InboundAnswer' } } },
        },
        400: refused('BadRequest'),
        401: refused('Unauthenticated'),
        413: refused('PayloadTooLarge'),
        422: refused('Invalid'),
        500: refused('Internal'),
        503: refused('Unavailable'),
        default: problem,
      },
    },
  },
  '/graphql': {
    post: {
      operationId: 'graphql',
      tags,
      summary: 'Ask in GraphQL',
      description: 'The same operations as here; the schema is in `schema/`, and `/graphiql` shows it.',
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { $ref: '#/components/schemas/GraphqlRequest' },
            example: { query: '{ me { name workspace { name } } }' },
          },
        },
      },
      responses: {
        200: {
          description: 'The answer; what a field was refused for stands in `errors`.',
          headers: requestId,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/GraphqlResponse' } } },
        },
        400: {
          description: 'The document or its variables are not valid.',
          headers: requestId,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/GraphqlResponse' } } },
        },
        401: refused('Unauthenticated'),
        413: refused('PayloadTooLarge'),
        415: refused('UnsupportedMediaType'),
        500: refused('Internal'),
        503: refused('Unavailable'),
        default: problem,
      },
    },
  },
  '/livez': {
    get: {
      operationId: 'getLiveness',
      tags,
      summary: 'Whether the process is alive',
      security: [],
      responses: { 200: { description: 'It is.', headers: requestId, content: text }, 431: problem, default: problem },
    },
  },
  '/readyz': {
    get: {
      operationId: 'getReadiness',
      tags,
      summary: 'Whether requests can be served: the database answers and its tables are up to date',
      security: [],
      responses: {
        200: { description: 'They can.', headers: requestId, content: text },
        431: problem,
        503: refused('Unavailable'),
        default: problem,
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      tags,
      summary: 'Metrics for Prometheus, for callers on loopback alone',
      security: [],
      responses: {
        200: { description: 'The metrics.', headers: requestId, content: text },
        404: refused('NotFound'),
        default: problem,
      },
    },
  },
};

const fieldError = {
  type: 'object',
  description: 'What is wrong with one field.',
  required: ['path', 'message', 'code'],
  properties: {
    path: { type: 'string', description: 'Path of the field in the input, as in `objectives.0.target`.' },
    message: { type: 'string', description: 'What is wrong, in words.' },
    code: { type: 'string', description: 'Stable code.' },
  },
};

export const COMPONENTS = {
  securitySchemes: {
    bearer: {
      type: 'http',
      scheme: 'bearer',
      description: 'A key of the workspace (`td_…`), or a token. An operation names the scope it needs.',
    },
    client: { type: 'http', scheme: 'basic', description: 'client_id and client_secret.' },
  },
  parameters: {
    IdempotencyKey: {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description:
        'Any text of the caller; a repeat with the same key and body within 24 hours has no second effect and gets the first answer.',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
      example: '8e03978e-40d5-43dd-bc93-6894a57f9324',
    },
    IfMatch: {
      name: 'If-Match',
      in: 'header',
      required: false,
      description: 'The ETag that was read: the write is refused with 412 when it is no longer that.',
      schema: { type: 'string' },
      example: '"3"',
    },
  },
  headers: {
    RequestId: {
      description: 'Names this request in logs; yours, when you sent `X-Request-Id`.',
      schema: { type: 'string' },
    },
    ETag: { description: 'The version, in quotation marks; not sent with `include`.', schema: { type: 'string' } },
    Link: { description: 'The next page, rel="next"; not on the last one.', schema: { type: 'string' } },
    IdempotencyReplayed: {
      description: 'true when this is the answer of an earlier request with the same key.',
      schema: { type: 'string', enum: ['true'] },
    },
    RetryAfter: { description: 'Try again after so many seconds.', schema: { type: 'string' } },
    WWWAuthenticate: { description: 'How to authenticate.', schema: { type: 'string' } },
    NoStore: { description: 'no-store.', schema: { type: 'string' } },
  },
  schemas: {
    FieldError: fieldError,
    Problem: {
      type: 'object',
      description: 'Why a request was refused (RFC 9457).',
      required: ['type', 'title', 'status', 'detail', 'code', 'errors', 'requestId'],
      properties: {
        type: { type: 'string', description: 'Where the code is explained, as in `/problems/not_found`.' },
        title: { type: 'string', description: 'What the code means, in the language asked for.' },
        status: { type: 'integer', description: 'The HTTP status.' },
        detail: { type: 'string', description: 'What happened here.' },
        code: { type: 'string', enum: Object.keys(ERRORS), description: 'Stable code; more may come.' },
        errors: {
          type: 'array',
          description: 'One entry per faulty field.',
          items: { $ref: '#/components/schemas/FieldError' },
        },
        requestId: { type: 'string', description: 'Names this request in logs.' },
      },
    },
    TokenRequest: {
      type: 'object',
      required: ['grant_type'],
      properties: {
        grant_type: { type: 'string', enum: ['client_credentials'], description: 'The only grant there is.' },
        scope: { type: 'string', description: 'Scopes, separated by spaces; all the client may have unless told.' },
        client_id: { type: 'string', description: 'Instead of the Basic header.' },
        client_secret: { type: 'string', description: 'Instead of the Basic header.' },
      },
    },
    Token: {
      type: 'object',
      required: ['access_token', 'token_type', 'expires_in', 'scope'],
      properties: {
        access_token: { type: 'string', description: 'The token.' },
        token_type: { type: 'string', enum: ['Bearer'], description: 'How to send it.' },
        expires_in: { type: 'integer', description: 'Whole seconds until it ends.' },
        scope: { type: 'string', description: 'What it may do; scopes separated by spaces.' },
      },
    },
    TokenError: {
      type: 'object',
      required: ['error', 'error_description'],
      properties: {
        error: {
          type: 'string',
          enum: ['invalid_request', 'invalid_client', 'invalid_scope', 'unsupported_grant_type'],
          description: 'Stable code of RFC 6749.',
        },
        error_description: { type: 'string', description: 'What is wrong, in words.' },
      },
    },
    InboundAnswer: {
      type: 'object',
      description: 'What became of a message.',
      required: ['repeated', 'results'],
      properties: {
        repeated: { type: 'boolean', description: 'It was taken before: nothing is done.' },
        results: {
          type: 'array',
          description: 'Customers, then contacts, then activities.',
          items: {
            type: 'object',
            required: ['resource', 'index', 'status'],
            properties: {
              resource: {
                type: 'string',
                enum: ['customers', 'contacts', 'activities'],
                description: 'What the entry became.',
              },
              index: { type: 'integer', description: 'Its place among those of its resource, from 0.' },
              status: {
                type: 'string',
                enum: ['created', 'updated', 'unchanged', 'error'],
                description: 'What was done.',
              },
              id: { type: 'string', description: 'Id of what was made, changed or known.' },
              kept: {
                type: 'array',
                description:
                  'Fields that were kept as they are: they belong to another system, or the name is that of a customer who was merged into this one.',
                items: { type: 'string' },
              },
              errors: {
                type: 'array',
                description: 'Why it was refused.',
                items: { $ref: '#/components/schemas/FieldError' },
              },
            },
          },
        },
      },
    },
    GraphqlRequest: {
      type: 'object',
      required: ['query'],
      properties: {
        query: { type: 'string', description: 'The document, as text.' },
        variables: { type: ['object', 'null'], description: 'Values of its variables.', additionalProperties: true },
        operationName: { type: ['string', 'null'], description: 'Which of its operations to run.' },
      },
    },
    GraphqlResponse: {
      type: 'object',
      required: ['data'],
      properties: {
        data: { type: ['object', 'null'], description: 'The answer.', additionalProperties: true },
        errors: {
          type: 'array',
          description: 'What went wrong; `extensions.code` is the stable code.',
          items: { type: 'object', additionalProperties: true },
        },
      },
    },
  },
};
