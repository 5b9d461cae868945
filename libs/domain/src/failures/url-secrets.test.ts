import { expect, it } from 'vitest';
import { withoutUrlSecrets } from './url-secrets.ts';

it.each([
  ['https://user:pass@host/a.img', 'https://host/a.img'],
  ['Get "https://host/a.img?X-Signature=abc&b=c": dial tcp', 'Get "https://host/a.img?…": dial tcp'],
  ['see http://u@h:80/x#token, or https://b?k=v', 'see http://h:80/x?… or https://b?…'],
  ['Get "http://host/path@2x/disk.img": EOF', 'Get "http://host/path@2x/disk.img": EOF'],
  ['expected status code 200, got 404', 'expected status code 200, got 404'],
])('%s is shown as %s', (text, shown) => {
  expect(withoutUrlSecrets(text)).toBe(shown);
});
