import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Role } from '../http/permissions.js';

/** `rollgate.staff`: a person who may sign in. */
@Entity({ name: 'staff' })
export class Staff {
  @PrimaryColumn({ type: 'text', default: () => `'stf_' || nextval('rollgate.staff_number')` })
  id!: string;

  @Column({ type: 'text' })
  login!: string;

  @Column({ name: 'display_name', type: 'text' })
  displayName!: string;

  @Column({ type: 'text' })
  role!: Role;

  /** `null`: the person signs in through the identity provider. */
  @Column({ name: 'password_hash', type: 'text', nullable: true })
  passwordHash!: string | null;

  @Column({ name: 'oidc_issuer', type: 'text', nullable: true })
  oidcIssuer!: string | null;

  @Column({ name: 'oidc_subject', type: 'text', nullable: true })
  oidcSubject!: string | null;

  @Column({ name: 'disabled_at', type: 'timestamptz', nullable: true })
  disabledAt!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;

  @Column({ name: 'last_sign_in_at', type: 'timestamptz', nullable: true })
  lastSignInAt!: Date | null;
}

export type SignsInBy = 'password' | 'provider';

export function signsInBy(oidcIssuer: string | null): SignsInBy {
  return oidcIssuer === null ? 'password' : 'provider';
}
