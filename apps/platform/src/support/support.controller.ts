/**
 * The target of a denial's support link: a form that is filled in with the denied call, and later the answer. The link
 * authorizes.
 */
import { Body, Controller, Get, HttpException, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { CallerLimitRequests, type DeniedCall, SkipRateLimit } from '@rollgate/nestjs';
import { Open } from '../auth/open.js';
import type { Reply } from '../http/problem.filter.js';
import { CONTENT_SECURITY_POLICY, formPage, problemPage, statePage } from './support-page.js';

interface Typed {
  readonly [field: string]: string;
}

@Controller('support/limit-requests')
export class SupportController {
  constructor(@Inject(CallerLimitRequests) private readonly requests: CallerLimitRequests) {}

  @Get()
  @Open()
  @SkipRateLimit()
  async show(@Query('denial') token: unknown, @Res() reply: Reply): Promise<void> {
    await this.#answering(reply, token, async (denial) => {
      const request = await this.requests.ofDenial(denial);
      return { page: request === undefined ? formPage({ denial, token: String(token) }) : statePage(denial, request) };
    });
  }

  @Post()
  @Open()
  @SkipRateLimit()
  async ask(@Body() typed: Typed, @Req() { ip, id }: { ip: string; id: string }, @Res() reply: Reply): Promise<void> {
    const { denial: token, ...fields } = typed ?? {};
    await this.#answering(reply, token, async (denial) => {
      try {
        const wish = { ...wishOf(fields), denial: token };
        const asker = { account: denial.account, address: ip, requestId: String(id) };
        return { page: statePage(denial, await this.requests.ask(asker, wish)), status: 201 };
      } catch (error) {
        const status = error instanceof HttpException ? error.getStatus() : 500;
        if (status >= 500) throw error;
        const page = formPage({ denial, token: String(token) }, { problem: (error as Error).message, typed: fields });
        return { page, status };
      }
    });
  }

  async #answering(
    reply: Reply,
    token: unknown,
    answer: (denial: DeniedCall) => Promise<{ page: string; status?: number }>,
  ): Promise<void> {
    reply
      .header('Content-Type', 'text/html; charset=utf-8')
      .header('Content-Security-Policy', CONTENT_SECURITY_POLICY)
      .header('Referrer-Policy', 'no-referrer')
      .header('Cache-Control', 'no-store');
    try {
      const { page, status = 200 } = await answer(this.requests.readDenial(typeof token === 'string' ? token : ''));
      reply.code(status).send(page);
    } catch (error) {
      const status = error instanceof HttpException ? error.getStatus() : 500;
      const message = status < 500 || status === 503 ? (error as Error).message : 'Something went wrong here.';
      reply.code(status).send(problemPage(message));
    }
  }
}

/** A form sends only text. An empty field counts as missing. */
function wishOf({ perMinute, perHour, until, reason }: Typed): Record<string, unknown> {
  const number = (text: string | undefined) => (text?.trim() ? Number(text) : undefined);
  return {
    perMinute: number(perMinute),
    perHour: number(perHour),
    ...(until?.trim() ? { until: `${until.trim()}T23:59:59Z` } : {}),
    reason: reason ?? '',
  };
}
