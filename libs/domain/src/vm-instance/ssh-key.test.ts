import { expect, it } from 'vitest';
import { sshKeyFinding } from './ssh-key.ts';

const RSA_1024 =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCnpdxT77jGbTO7OHPrrGhKNKjOxvYiG2j5RUnpWR7Tyt7oj1yTKQOGft6xKgE+wWwb+ORBgIXOQlO1gFMfyN2yi8ajxTri3MwwGoadzbPYby4lAnyDNMK7M/mdb1yrF1wtJ4rsO6ZEr4LZpE9z9Xzb1wQNUq9sAAEZBIdyHd8upQ==';
const RSA_2048 =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC83oUhT0/VMyc0McQ9Wf80I9AadHY0eoS3JI5yLnCr9LkyrNcZr0pIX1BjdoMgJBfFuTd85NjbZMyas6mFTrgRhbYJkfk5odQVUFSNVWsxPntZpplFI1KgSQsLJxlLcTUy7az3znu4NvF+3itw13JEAtuRUzulWnivIAY8aiFWH/YHsfihpL6SVPM47iSqDxuRrCZROw10h/9oV/2wVxOWIeIcFq0E9qhnJDMPiOF0eGfkvDtDYauDpWPXhMDIXM/yeH9HmPCEifzTAbW5wcFp5GR5yvC4KLWVjU3+tdRmpZ09MjXe9cGneVG4qfAAxto7VLb4VpcRf+KrjSizhAp/';

it('says nothing of a whole key that is strong', () => {
  expect(sshKeyFinding(`${RSA_2048} someone@example`)).toBeUndefined();
});

it('warns of keys that can be broken, with the size', () => {
  expect(sshKeyFinding(RSA_1024)).toEqual({
    level: 'warning',
    code: 'weak_ssh_key',
    message: 'An RSA key of 1024 bits is weak: use one of at least 2048, or ssh-ed25519.',
  });
  const dss = `AAAAB3NzaC1kc3M${'A'.repeat(65)}`;
  expect(sshKeyFinding(`ssh-dss ${dss}`)).toMatchObject({ level: 'warning', code: 'weak_ssh_key' });
});

it('warns of a key that was abbreviated and refuses what is none', () => {
  expect(sshKeyFinding('ssh-rsa AAAAB3Nza...')).toMatchObject({ level: 'warning', code: 'undecodable_ssh_key' });
  expect(sshKeyFinding('hello world')).toMatchObject({ level: 'error', code: 'invalid_ssh_key' });
});
