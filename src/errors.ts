/** AppError and the one table that gives every code its HTTP status and its meaning, in both languages. */

interface ErrorRow {
  status: number;
  /** The problem's `title`; the code is never translated. */
  en: string;
  'zh-CN': string;
}

/** code -> status and title. The codes are part of the API: add, never rename. */
export const ERRORS = {
  bad_request: { status: 400, en: 'The request cannot be read', 'zh-CN': '无法读取请求' },
  invalid_cursor: { status: 400, en: 'The cursor is not one of ours', 'zh-CN': '游标无效' },
  unknown_parameter: { status: 400, en: 'Unknown or unreadable query parameter', 'zh-CN': '查询参数未知或无法读取' },
  unauthenticated: { status: 401, en: 'Authentication is required', 'zh-CN': '需要身份验证' },
  forbidden: { status: 403, en: 'Not allowed', 'zh-CN': '没有权限' },
  not_found: { status: 404, en: 'Not found', 'zh-CN': '未找到' },
  method_not_allowed: { status: 405, en: 'Method not allowed', 'zh-CN': '不支持该方法' },
  request_timeout: { status: 408, en: 'The request took too long to arrive', 'zh-CN': '请求接收超时' },
  conflict: { status: 409, en: 'Somebody else was faster', 'zh-CN': '并发修改冲突' },
  already_exists: { status: 409, en: 'It already exists', 'zh-CN': '已存在' },
  in_use: { status: 409, en: 'It is still in use', 'zh-CN': '仍在使用中' },
  invalid_transition: { status: 409, en: 'Not possible in this state', 'zh-CN': '当前状态不允许该操作' },
  ticket_closed: { status: 409, en: 'The ticket is closed', 'zh-CN': '工单已关闭' },
  not_a_test_workspace: {
    status: 409,
    en: 'Only a test workspace has a test clock',
    'zh-CN': '仅测试工作区有测试时钟',
  },
  gone: { status: 410, en: 'No longer available', 'zh-CN': '已失效' },
  version_mismatch: { status: 412, en: 'It was changed since you read it', 'zh-CN': '版本已变更' },
  payload_too_large: { status: 413, en: 'The body is too large', 'zh-CN': '请求体过大' },
  unsupported_media_type: { status: 415, en: 'Unsupported media type', 'zh-CN': '不支持的媒体类型' },
  validation_failed: { status: 422, en: 'The input is not valid', 'zh-CN': '输入无效' },
  idempotency_key_reused: { status: 422, en: 'The key was used with another body', 'zh-CN': '幂等键已用于其他内容' },
  calendar_never_open: { status: 422, en: 'The calendar has no open time', 'zh-CN': '日历没有开放时间' },
  instant_out_of_range: { status: 422, en: 'The instant is outside 1970 to 2200', 'zh-CN': '时间超出 1970 至 2200 年' },
  header_too_large: { status: 431, en: 'The headers are too large', 'zh-CN': '请求头过大' },
  internal: { status: 500, en: 'Something went wrong on our side', 'zh-CN': '服务器内部错误' },
  unavailable: { status: 503, en: 'The service is not available at the moment', 'zh-CN': '服务暂时不可用' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** One thing wrong with one field: `path` as in the input (`objectives.0.target`), `code` stable. */
export interface FieldError {
  path: string;
  message: string;
  code: string;
}

/** What an operation, a rule or a store throws when the caller can know why. Everything else is `internal`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly errors: FieldError[];

  constructor(code: ErrorCode, detail: string, errors: FieldError[] = []) {
    super(detail);
    this.name = 'AppError';
    this.code = code;
    this.errors = errors;
  }
}

/** 422 for one field. */
export function invalid(path: string, message: string, code = 'invalid'): AppError {
  return new AppError('validation_failed', message, [{ path, message, code }]);
}

/** 404: the same answer for what never was and for what another workspace owns. */
export function notFound(what: string, path?: string): AppError {
  return new AppError(
    'not_found',
    `No such ${what}.`,
    path === undefined ? [] : [{ path, message: `No such ${what}.`, code: 'not_found' }],
  );
}
