%%% Registrations on streams before login (XEP-0077): with a token, each step asked and written down before the next, and without one.
-module(mod_invited_registration).

-export([with_token/4, without_token/4, continued/4, abandoned/3]).

-export_type([step/0]).

-include("xmpp.hrl").
-include("logger.hrl").

-define(KEY, mod_invited).
-define(PASSED, mod_invited_passed).
%% Longer than a question, and a disk, may take.
-define(STEP_TIMEOUT, 15000).

-type secret() :: fun(() -> binary()).
-type step() :: {asked, mod_invited_question:question(), {reserve, binary(), secret()} | {name, binary()}, iq()}
              | {owed, Timer :: reference(), binary(), secret(), iq()}
              | {confirmed, Timer :: reference(), iq()}.

-type attempt() :: mod_invited_stream:attempt().
-type stream() :: ejabberd_c2s:state().

%%%------------------------------------------------------------------------------------------------------------------------------
%%% With a token

-spec with_token(xmlel(), iq(), attempt(), stream()) -> {stop, stream()}.
with_token(El, IQ, #{id := Id, token := Token, found := #{checked := Checked}} = Attempt, #{lserver := Host} = Stream) ->
    case mod_invited_form:submitted(El) of
        {Name, Password} when is_binary(Name), is_binary(Password), byte_size(Name) =< 1023 ->
            Refusal = case mod_invited_form:prepared(Name) of
                          error -> invalid_jid;
                          Username -> mod_invited_accounts:refusal(Host, Username, Password, mod_invited_answer:address(Stream))
                      end,
            case Refusal of
                none ->
                    Prepared = mod_invited_form:prepared(Name),
                    Reserve = mod_invited_protocol:element(<<"reserve">>, [{<<"token">>, Token}, {<<"attempt">>, Id},
                                                                           {<<"username">>, Prepared}, {<<"checked">>, Checked}]),
                    mod_invited_attempts:reserving(Host, Id),
                    case mod_invited_question:ask(Host, set, Reserve, self()) of
                        {asked, Question} ->
                            Step = {asked, Question, {reserve, Prepared, mod_invited_answer:secret(Password)}, IQ},
                            {stop, Stream#{?KEY => Attempt#{step := Step}}};
                        away ->
                            mod_invited_attempts:over(Host, Id),
                            mod_invited_answer:refused(IQ, mod_invited_rules:away(), Stream)
                    end;
                _ -> mod_invited_answer:refused(IQ, mod_invited_rules:creation_refusal(Refusal), Stream)
            end;
        _ -> mod_invited_answer:refused(IQ, {modify, 'bad-request', <<"The username or the password is missing, or the name is too long.">>}, Stream)
    end.

reserved({result, _}, Username, Password, IQ, #{id := Id} = Attempt, #{lserver := Host, stream_state := Phase} = Stream) ->
    case Phase of
        disconnected ->
            give_back(Host, Id, <<"the stream ended">>),
            Stream;
        _ ->
            #{token := Token} = Attempt,
            Debt = #{what => confirm, token => Token, attempt => Id, username => Username, maker => mod_invited_store:maker()},
            case mod_invited_accounts:are_in_mnesia(Host) of
                true ->
                    %% In Mnesia's log before the account, and so on the disk before it.
                    ok = mod_invited_store:owe(Host, debt_key(Id), Debt),
                    create(Username, Password, IQ, Attempt, Stream);
                false ->
                    mod_invited_attempts:owe(Host, Id, Debt),
                    Timer = erlang:send_after(?STEP_TIMEOUT, self(), {mod_invited_late, Id}),
                    Stream#{?KEY => Attempt#{step := {owed, Timer, Username, Password, IQ}}}
            end
    end;
reserved(Answer, _, _, IQ, #{id := Id}, #{lserver := Host} = Stream) ->
    case Answer of
        %% There may be a reservation all the same.
        away -> give_back(Host, Id, <<"no answer in time">>);
        _ -> mod_invited_attempts:over(Host, Id)
    end,
    mod_invited_answer:refuse(IQ, mod_invited_rules:refusal(Answer), Stream).

create(Username, Password, IQ, #{id := Id} = Attempt, #{lserver := Host} = Stream) ->
    case mod_invited_accounts:create(Host, Username, Password(), mod_invited_answer:address(Stream)) of
        ok ->
            mod_invited_attempts:made(Host, Id),
            ?INFO_MSG("The account ~ts at ~ts was made with an invite", [Username, Host]),
            mod_invited_accounts:welcome(Host, Username, mod_invited_answer:address(Stream)),
            Timer = erlang:send_after(?STEP_TIMEOUT, self(), {mod_invited_late, Id}),
            Stream#{?KEY => Attempt#{done := true, step := {confirmed, Timer, IQ}}};
        {error, Reason} ->
            {_, _, Text} = Refusal = mod_invited_rules:creation_refusal(Reason),
            case Reason =:= db_failure andalso not mod_invited_accounts:are_in_mnesia(Host) of
                true ->
                    %% The database may make it all the same: what is owed is settled when the stream has ended.
                    mod_invited_answer:refuse(IQ, Refusal, Stream#{?KEY => Attempt#{done := true}});
                false ->
                    mod_invited_store:forget(Host, debt_key(Id)),
                    give_back(Host, Id, Text),
                    mod_invited_answer:refuse(IQ, Refusal, Stream)
            end
    end.

debt_key(Id) -> <<"confirm:", Id/binary>>.

give_back(Host, Id, Reason) ->
    mod_invited_question:notify(Host, mod_invited_protocol:element(
                                  <<"release">>, [{<<"attempt">>, Id}, {<<"reason">>, mod_invited_protocol:shortened(Reason)}])),
    mod_invited_attempts:over(Host, Id).

not_written(IQ, Id, Host, Stream) ->
    mod_invited_attempts:owe_no_more(Host, Id),
    give_back(Host, Id, <<"the server could not write">>),
    mod_invited_answer:refuse(IQ, {wait, 'internal-server-error', <<"The server could not write to its disk.">>}, Stream).

%%%------------------------------------------------------------------------------------------------------------------------------
%%% Without one

-spec without_token(xmlel(), iq(), attempt(), stream()) -> stream() | {stop, stream()}.
without_token(El, IQ, Attempt, #{lserver := Host} = Stream) ->
    {Name, _} = mod_invited_form:submitted(El),
    Username = case is_binary(Name) andalso byte_size(Name) =< 1023 of
                   true -> mod_invited_form:prepared(Name);
                   false -> error
               end,
    case mod_invited_link:registration(Host) of
        invite -> mod_invited_answer:refused(IQ, {cancel, 'not-allowed', <<"Registration on this server needs an invite.">>}, Stream);
        open when Username =:= error -> Stream; % the server says what is wrong with it
        open ->
            Question = mod_invited_protocol:element(<<"name">>, [{<<"username">>, Username}]),
            case mod_invited_question:ask(Host, get, Question, self()) of
                {asked, Asked} -> {stop, Stream#{?KEY => Attempt#{step := {asked, Asked, {name, Username}, IQ}}}};
                away -> {stop, named(away, Username, IQ, Stream)}
            end
    end.

named({error, _, Condition, Text}, _, IQ, Stream) when Condition =:= 'conflict'; Condition =:= 'not-allowed' ->
    Said = case {Text, Condition} of
               {<<>>, 'conflict'} -> mod_invited_rules:error_text(Condition);
               {<<>>, _} -> <<"Registration on this server needs an invite.">>;
               _ -> Text
           end,
    mod_invited_answer:refuse(IQ, {cancel, Condition, Said}, Stream);
named(Answer, Username, IQ, #{lserver := Host} = Stream) ->
    IsFree = case Answer of
                 {result, _} -> true;
                 _ -> not mod_invited_store:is_held(Host, Username)
             end,
    case IsFree of
        true -> mod_invited_answer:again(xmpp:put_meta(IQ, ?PASSED, true), Stream);
        false -> mod_invited_answer:refuse(IQ, {cancel, 'conflict', mod_invited_rules:error_text('conflict')}, Stream)
    end.

%%%------------------------------------------------------------------------------------------------------------------------------
%%% What goes on

-spec continued(step(), tuple(), attempt(), stream()) -> stream().
continued({asked, {Id, _} = Question, {reserve, Username, Password}, IQ}, {mod_invited_answer, Id, Answer}, Attempt,
          #{lserver := Host} = Stream) ->
    mod_invited_question:close(Host, Question, Answer),
    Idle = Attempt#{step := none},
    reserved(Answer, Username, Password, IQ, Idle, Stream#{?KEY => Idle});
continued({asked, {Id, _} = Question, {name, Username}, IQ}, {mod_invited_answer, Id, Answer}, Attempt, #{lserver := Host} = Stream) ->
    mod_invited_question:close(Host, Question, Answer),
    named(Answer, Username, IQ, Stream#{?KEY => Attempt#{step := none}});
continued({owed, Timer, Username, Password, IQ}, {mod_invited_owed, Id, Outcome}, #{id := Id} = Attempt, #{lserver := Host} = Stream) ->
    erlang:cancel_timer(Timer),
    Idle = Attempt#{step := none},
    case Outcome of
        ok -> create(Username, Password, IQ, Idle, Stream#{?KEY => Idle});
        {error, _} -> not_written(IQ, Id, Host, Stream#{?KEY => Idle})
    end;
continued({owed, _, _, _, IQ}, {mod_invited_late, Id}, #{id := Id} = Attempt, #{lserver := Host} = Stream) ->
    not_written(IQ, Id, Host, Stream#{?KEY => Attempt#{step := none}});
continued({confirmed, Timer, IQ}, {_, Id}, #{id := Id} = Attempt, Stream) ->
    erlang:cancel_timer(Timer),
    mod_invited_answer:send(xmpp:make_iq_result(IQ), Stream#{?KEY => Attempt#{step := none}});
continued(_, _, _, Stream) -> Stream. % too late

%% The stream goes on without what was under way.
-spec abandoned(step(), binary(), binary()) -> ok.
abandoned({asked, Question, {reserve, _, _}, _}, Host, Id) ->
    mod_invited_question:close(Host, Question, called_off),
    give_back(Host, Id, <<"the stream went on without it">>);
abandoned({asked, Question, {name, _}, _}, Host, _) -> mod_invited_question:close(Host, Question, called_off);
abandoned({owed, Timer, _, _, _}, Host, Id) ->
    erlang:cancel_timer(Timer),
    mod_invited_attempts:owe_no_more(Host, Id),
    give_back(Host, Id, <<"the stream went on without it">>);
abandoned({confirmed, _, _}, _, _) -> ok.
