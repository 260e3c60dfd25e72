%%% What streams before login are answered, and what all that handles them needs of a stream.
-module(mod_invited_answer).

-export([send/2, refused/3, refuse/3, again/2, address/1, secret/1]).

-include("xmpp.hrl").
-include("logger.hrl").

-spec send(iq(), ejabberd_c2s:state()) -> ejabberd_c2s:state().
send(IQ, #{lserver := Host} = Stream) -> ejabberd_c2s:send(Stream, xmpp:set_from_to(IQ, jid:make(Host), undefined)).

%% For a hook that ends there.
-spec refused(iq(), mod_invited_rules:refusal(), ejabberd_c2s:state()) -> {stop, ejabberd_c2s:state()}.
refused(IQ, Refusal, Stream) -> {stop, refuse(IQ, Refusal, Stream)}.

%% Not with the client's request in it, which may have a password.
-spec refuse(iq(), mod_invited_rules:refusal(), ejabberd_c2s:state()) -> ejabberd_c2s:state().
refuse(#iq{sub_els = [Payload]} = IQ, {_, Condition, Text} = Refusal, #{lserver := Host} = Stream) ->
    ?INFO_MSG("Refused ~ts: ~ts at ~ts: ~ts", [described(xmpp:encode(Payload)), Condition, Host, Text]),
    send(mod_invited_service:error_of(IQ, Refusal), Stream).

described(#xmlel{name = <<"preauth">>}) -> <<"a token">>;
described(El) ->
    case mod_invited_form:submitted(El) of
        {Name, _} when is_binary(Name), byte_size(Name) =< 1023 -> <<"the registration of ", Name/binary>>;
        _ -> <<"the registration of nobody">>
    end.

%% Lets all handle a request, ourselves included, as if it had just come.
-spec again(iq(), ejabberd_c2s:state()) -> ejabberd_c2s:state().
again(IQ, #{lserver := Host} = Stream) -> ejabberd_hooks:run_fold(c2s_unauthenticated_packet, Host, Stream, [IQ]).

-spec address(ejabberd_c2s:state()) -> inet:ip_address().
address(#{ip := {Address, _}}) -> Address.

%% A process that crashes has its state logged; what is in a function is not.
-spec secret(binary()) -> fun(() -> binary()).
secret(Password) -> fun() -> Password end.
