import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Permission, Role } from '../http/permissions.js';

/** `rollgate.service_token`: a machine that may call the service. */
@Entity({ name: 'service_token' })
export class ServiceToken {
  @PrimaryColumn({ type: 'text', default: () => `'tok_' || nextval('rollgate.service_token_number')` })
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  /** SHA-256 of the token. */
  @Column({ type: 'text' })
  hash!: string;

  @Column({ type: 'text', array: true })
  permissions!: Permission[];

  /** The role whose approval limit applies. */
  @Column({ type: 'text' })
  role!: Role;

  @Column({ name: 'created_by', type: 'text' })
  createdBy!: string;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'clock_timestamp()' })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;

  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true })
  lastUsedAt!: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}
