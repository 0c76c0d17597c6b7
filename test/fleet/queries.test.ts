import type { Connection, WorkflowQueryInput } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { queriesInTurn } from '../../src/fleet/queries.js';

const connection = { withDeadline: (_: number | Date, calls: () => Promise<unknown>) => calls() } as Connection;
const of = (workflowId: string) => ({ workflowExecution: { workflowId } }) as WorkflowQueryInput;
/** gRPC's word for it when the server ends a call at its time limit before the client does. */
const cutOff = Object.assign(new Error('cut off'), { code: 1, details: 'Call cancelled', metadata: {} });
const lost = Object.assign(new Error('lost'), { code: 4, details: 'query timed out', metadata: {} });

describe('queries', () => {
  it('to one workflow are sent one after the other, and to others meanwhile', async () => {
    const { query } = queriesInTurn(connection);
    const asked: string[] = [];
    const answers: (() => void)[] = [];
    const next = ({ workflowExecution: { workflowId } }: WorkflowQueryInput) => {
      asked.push(workflowId!);
      return new Promise<string>((resolve) => answers.push(() => resolve('answer')));
    };
    const all = ['a', 'a', 'b'].map((id) => query!(of(id), next));
    await expect.poll(() => asked).toEqual(['a', 'b']);
    answers[0]!();
    await expect.poll(() => asked).toEqual(['a', 'b', 'a']);
    for (const answer of answers) answer();
    expect(await Promise.all(all)).toEqual(['answer', 'answer', 'answer']);
  });

  it('are sent again if there is no answer, and the next one is sent in any case', async () => {
    const { query } = queriesInTurn(connection);
    let calls = 0;
    const answersThird = async () => {
      calls++;
      if (calls < 3) throw lost;
      return 'answer';
    };
    const first = query!(of('a'), answersThird);
    const second = query!(of('a'), answersThird);
    await expect(first).rejects.toBe(lost);
    expect(await second).toBe('answer');
  });

  it('that the server ended at their deadline are sent again, like those that the client ended', async () => {
    let calls = 0;
    const answersSecond = async () => {
      calls++;
      if (calls === 1) throw new Error('Failed to query Workflow', { cause: cutOff });
      return 'answer';
    };
    expect(await queriesInTurn(connection).query!(of('a'), answersSecond)).toBe('answer');
  });

  it('that are refused are not sent again', async () => {
    let calls = 0;
    const refuse = async () => {
      calls++;
      throw new Error('no such query');
    };
    await expect(queriesInTurn(connection).query!(of('a'), refuse)).rejects.toThrow('no such query');
    expect(calls).toBe(1);
  });
});
