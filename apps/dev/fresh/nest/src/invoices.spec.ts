import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { RollgateTestingModule } from '@rollgate/nestjs/testing';
import { catalogue, InvoicesModule, subjects } from './invoices.module.js';
import { createAdapter } from './platform.js';

describe('invoices', () => {
  it('are sent three times in a minute at most', async () => {
    let now = Date.UTC(2026, 0, 1);
    const rollgate = RollgateTestingModule.forRoot({ catalogue, subjects, clock: () => now });
    const module = await Test.createTestingModule({ imports: [rollgate, InvoicesModule] }).compile();
    const app = module.createNestApplication(createAdapter());
    await app.listen(0, '127.0.0.1');
    const url = `${await app.getUrl()}/invoices/i-1/send`;
    const headers = { authorization: 'Bearer demo-key' };
    const send = async () => (await fetch(url, { method: 'POST', headers })).status;

    expect([await send(), await send(), await send(), await send()]).toEqual([201, 201, 201, 429]);
    now += 61_000;
    expect(await send()).toBe(201);
    await app.close();
  });
});
