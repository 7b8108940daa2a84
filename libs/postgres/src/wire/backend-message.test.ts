import { expect, test } from '@jest/globals';
import { copyDataMessage, parseErrorResponse, queryMessage } from './backend-message.ts';

test('an error has its SQLSTATE, message and detail', () => {
  const bytes = Buffer.from('SERROR\0C42P01\0Mno such table\0DLook again\0\0');
  expect(parseErrorResponse(bytes)).toMatchObject({
    code: '42P01',
    message: 'no such table',
    detail: 'Look again',
  });
});

test('an error that is cut short still says what is there', () => {
  expect(parseErrorResponse(Buffer.from('C42P01'))).toMatchObject({
    code: '42P01',
    message: 'the server reported an error',
  });
});

test('messages to the server have type, length and content', () => {
  expect([...queryMessage('é')]).toEqual([0x51, 0, 0, 0, 7, 0xc3, 0xa9, 0]);
  expect([...copyDataMessage(Uint8Array.of(9))]).toEqual([0x64, 0, 0, 0, 5, 9]);
});
