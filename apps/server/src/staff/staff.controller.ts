import { Body, Controller, Get, Param, Patch, Post } from '@nestjs/common';
import { z } from 'zod';
import { authorOf, type Caller, FromCaller } from '../authentication/caller.js';
import { PasswordChange } from '../authentication/password-change.js';
import { Route } from '../http/route.js';
import { validated } from '../http/validated.js';
import { People } from './people.js';
import { assertMayGive } from './ranks.js';
import {
  addStaffBody,
  changeStaffBody,
  passwordBody,
  staffParams,
  staffSchema,
  staffWithPasswordSchema,
  viewOfStaff,
} from './staff.schemas.js';

const listSchema = z.object({ items: z.array(staffSchema) });

const EXAMPLE: z.output<typeof staffSchema> = {
  id: 'stf_4',
  login: 'ann@example.com',
  displayName: 'Ann',
  role: 'support',
  signsInBy: 'password',
  disabledAt: null,
  createdAt: '2026-03-01T08:00:00.000Z',
  lastSignInAt: '2026-03-02T09:00:00.000Z',
};

@Controller('admin/api/staff')
export class StaffController {
  constructor(
    private readonly people: People,
    private readonly passwords: PasswordChange,
  ) {}

  @Get()
  @Route({
    id: 'listStaff',
    summary: 'Everybody who may sign in, or could once, by login',
    access: { permission: 'staff.read' },
    response: listSchema,
    example: { items: [EXAMPLE] },
  })
  async list(): Promise<z.output<typeof listSchema>> {
    return { items: (await this.people.list()).map(viewOfStaff) };
  }

  @Post()
  @Route({
    id: 'addStaff',
    summary: 'Add a person who signs in with a password; without one a random one is made and shown once',
    access: { permission: 'staff.write' },
    body: addStaffBody,
    response: staffWithPasswordSchema,
    example: { staff: { ...EXAMPLE, lastSignInAt: null }, password: 'k3v9q-hx7pd-w2mzt-rj5ny' },
    status: 201,
    errors: [409, 422],
  })
  async add(
    @Body(validated(addStaffBody)) body: z.output<typeof addStaffBody>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof staffWithPasswordSchema>> {
    assertMayGive(caller, body);
    const { person, password } = await this.people.add(body, authorOf(caller));
    return { staff: viewOfStaff(person), password };
  }

  @Patch(':id')
  @Route({
    id: 'changeStaff',
    summary: 'Change a role or a name, disable or enable; disabling ends all sessions of the person at once',
    access: { permission: 'staff.write' },
    params: staffParams,
    body: changeStaffBody,
    response: staffSchema,
    example: EXAMPLE,
    errors: [404, 409],
  })
  async change(
    @Param(validated(staffParams)) { id }: z.output<typeof staffParams>,
    @Body(validated(changeStaffBody)) { reason, ...changes }: z.output<typeof changeStaffBody>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof staffSchema>> {
    assertMayGive(caller, await this.people.get(id));
    if (changes.role !== undefined) assertMayGive(caller, { role: changes.role });
    return viewOfStaff(await this.people.change(id, changes, authorOf(caller), reason));
  }

  @Post(':id/password')
  @Route({
    id: 'resetStaffPassword',
    summary: 'Give a person another password; its sessions end, but the one that asks for it',
    access: { permission: 'staff.write' },
    params: staffParams,
    body: passwordBody,
    response: staffWithPasswordSchema,
    example: { staff: EXAMPLE, password: 'k3v9q-hx7pd-w2mzt-rj5ny' },
    errors: [404, 409, 422],
  })
  async setPassword(
    @Param(validated(staffParams)) { id }: z.output<typeof staffParams>,
    @Body(validated(passwordBody)) { password: given }: z.output<typeof passwordBody>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof staffWithPasswordSchema>> {
    assertMayGive(caller, await this.people.get(id));
    const what = { password: given, exceptSession: caller.sessionId };
    const { person, password } = await this.passwords.set(id, what, authorOf(caller));
    return { staff: viewOfStaff(person), password };
  }
}
