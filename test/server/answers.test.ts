import { describe, expect, it } from 'vitest';
import { Answers } from '../../src/server/answers.js';

/** A question whose answers the test gives. */
class Question {
  asked = 0;
  private answer: (value: number) => void = () => {};
  private fail: (error: Error) => void = () => {};

  readonly ask = () =>
    new Promise<number>((resolve, reject) => {
      this.asked++;
      this.answer = resolve;
      this.fail = reject;
    });

  async answers(value: number): Promise<void> {
    this.answer(value);
    await new Promise(setImmediate);
  }

  async fails(message: string): Promise<void> {
    this.fail(new Error(message));
    await new Promise(setImmediate);
  }
}

const HOUR_MS = 3_600_000;

describe('answers that pages share', () => {
  it('are asked for once, however many look at the same time or shortly after', async () => {
    const [answers, question] = [new Answers(100), new Question()];
    const looks = Array.from({ length: 50 }, () => answers.get('log', HOUR_MS, question.ask));
    await question.answers(1);
    expect(await Promise.all(looks)).toEqual(Array(50).fill({ value: 1, asOf: expect.any(Number) }));
    expect((await answers.get('log', HOUR_MS, question.ask)).value).toBe(1);
    expect(question.asked).toBe(1);
  });

  it('stay, with the reason, while a cluster does not answer', async () => {
    const [answers, question] = [new Answers(100), new Question()];
    const first = answers.get('log', 0, question.ask);
    await question.answers(1);
    await first;
    const second = answers.get('log', 0, question.ask);
    await question.fails('no VPN');
    expect(await second).toMatchObject({ value: 1, problem: 'no VPN' });
  });

  it('are asked for again after a command, and nobody sees the state before it', async () => {
    const [answers, question] = [new Answers(100), new Question()];
    const first = answers.get('east log', HOUR_MS, question.ask);
    await question.answers(1);
    await first;
    answers.forget('east');
    const second = answers.get('east log', HOUR_MS, question.ask);
    await question.answers(2);
    expect((await second).value).toBe(2);
  });

  it('forget the question that nobody has asked for longest, so that memory stays bounded', async () => {
    const answers = new Answers(100);
    let asked = 0;
    for (let i = 0; i < 200; i++) await answers.get(`customer ${i}`, HOUR_MS, async () => asked++);
    await answers.get('customer 199', HOUR_MS, async () => asked++);
    expect(asked).toBe(200);
    await answers.get('customer 0', HOUR_MS, async () => asked++);
    expect(asked).toBe(201);
  });
});
