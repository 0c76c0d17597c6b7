import { z } from 'zod';
import { duration, flag, text, whole } from './values.js';

const PREFIX_FORMAT = 'a prefix of 1 to 200 letters, digits and . _ : / -';
const FAIRNESS_KEY = 'a key of 1 to 64 bytes';
const WEIGHT_FORMAT = 'a number from 0.001 to 1,000';

export const child = z.strictObject(
  {
    workflowType: text('a workflow type').optional(),
    // Temporal's own queues; a child on one of them fails the workflow task indefinitely.
    taskQueue: text('a task queue')
      .regex(/^(?!\/_sys\/)/, { error: 'a task queue that does not start with /_sys/' })
      .optional(),
    workflowIdPrefix: z
      .string({ error: PREFIX_FORMAT })
      .regex(/^[A-Za-z0-9._:/-]{1,200}$/, { error: PREFIX_FORMAT })
      .optional(),
    input: z.unknown().optional(),
    partialInput: flag.optional(),
    encoding: z
      .enum(['json/plain', 'json/protobuf'], {
        error:
          '"json/plain", or "json/protobuf" with a messageType for a worker whose argument is a protobuf message ' +
          '(given plain JSON, such a worker may start with an EMPTY message)',
      })
      .optional(),
    messageType: text('the full name of a protobuf message, such as "acme.v1.ReindexRequest"').optional(),
    executionTimeout: duration.optional(),
    priority: z
      .strictObject(
        {
          priorityKey: whole(1, 5).optional(),
          fairnessKey: text(FAIRNESS_KEY, 64)
            .refine((key) => new TextEncoder().encode(key).length <= 64, { error: FAIRNESS_KEY })
            .optional(),
          fairnessWeight: z
            .number({ error: WEIGHT_FORMAT })
            .min(0.001, { error: WEIGHT_FORMAT })
            .max(1_000, { error: WEIGHT_FORMAT })
            .optional(),
        },
        { error: 'an object {priorityKey?, fairnessKey?, fairnessWeight?}' },
      )
      .optional(),
  },
  {
    error:
      'an object {workflowType?, taskQueue?, workflowIdPrefix?, input?, partialInput?, encoding?, messageType?, …}',
  },
);
