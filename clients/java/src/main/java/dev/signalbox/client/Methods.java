package dev.signalbox.client;

import com.google.protobuf.Message;
import dev.signalbox.v1.GetCommitStatusRequest;
import dev.signalbox.v1.GetCommitStatusResponse;
import dev.signalbox.v1.GetServerInfoRequest;
import dev.signalbox.v1.GetServerInfoResponse;
import dev.signalbox.v1.IssueTokenRequest;
import dev.signalbox.v1.IssueTokenResponse;
import dev.signalbox.v1.ReportPendingRequest;
import dev.signalbox.v1.ReportPendingResponse;
import dev.signalbox.v1.ReportResultRequest;
import dev.signalbox.v1.ReportResultResponse;
import dev.signalbox.v1.StreamReportsRequest;
import dev.signalbox.v1.StreamReportsResponse;
import dev.signalbox.v1.WatchStatusesRequest;
import dev.signalbox.v1.WatchStatusesResponse;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;

/**
 * The methods of StatusService that this package calls. A compiler plugin could generate them, but
 * it is a native program of its own for each machine, and these are few.
 */
final class Methods {
  static final String SERVICE = "signalbox.v1.StatusService";

  static final MethodDescriptor<ReportPendingRequest, ReportPendingResponse> REPORT_PENDING =
      method(
          MethodType.UNARY,
          "ReportPending",
          ReportPendingRequest.getDefaultInstance(),
          ReportPendingResponse.getDefaultInstance());
  static final MethodDescriptor<ReportResultRequest, ReportResultResponse> REPORT_RESULT =
      method(
          MethodType.UNARY,
          "ReportResult",
          ReportResultRequest.getDefaultInstance(),
          ReportResultResponse.getDefaultInstance());
  static final MethodDescriptor<StreamReportsRequest, StreamReportsResponse> STREAM_REPORTS =
      method(
          MethodType.BIDI_STREAMING,
          "StreamReports",
          StreamReportsRequest.getDefaultInstance(),
          StreamReportsResponse.getDefaultInstance());
  static final MethodDescriptor<GetCommitStatusRequest, GetCommitStatusResponse> GET_COMMIT_STATUS =
      method(
          MethodType.UNARY,
          "GetCommitStatus",
          GetCommitStatusRequest.getDefaultInstance(),
          GetCommitStatusResponse.getDefaultInstance());
  static final MethodDescriptor<WatchStatusesRequest, WatchStatusesResponse> WATCH_STATUSES =
      method(
          MethodType.SERVER_STREAMING,
          "WatchStatuses",
          WatchStatusesRequest.getDefaultInstance(),
          WatchStatusesResponse.getDefaultInstance());
  static final MethodDescriptor<GetServerInfoRequest, GetServerInfoResponse> GET_SERVER_INFO =
      method(
          MethodType.UNARY,
          "GetServerInfo",
          GetServerInfoRequest.getDefaultInstance(),
          GetServerInfoResponse.getDefaultInstance());

  static final MethodDescriptor<IssueTokenRequest, IssueTokenResponse> ISSUE_TOKEN =
      method(
          MethodType.UNARY,
          "IssueToken",
          IssueTokenRequest.getDefaultInstance(),
          IssueTokenResponse.getDefaultInstance());

  private Methods() {}

  private static <Q extends Message, A extends Message> MethodDescriptor<Q, A> method(
      MethodType type, String name, Q request, A response) {
    return MethodDescriptor.<Q, A>newBuilder()
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, name))
        .setRequestMarshaller(ProtoUtils.marshaller(request))
        .setResponseMarshaller(ProtoUtils.marshaller(response))
        .build();
  }
}
