%%% The commands of XEP-0401 on the host's own domain, beside ejabberd's others: what is sent to our nodes goes to the daemon, forwarded as
%%% XEP-0355 says, and everything else to the handler that was there before. Hooks of mod_adhoc and mod_disco cannot answer later.
-module(mod_invited_commands).

-export([start/1, stop/1, decode_iq_subel/1, process_command/1, process_items/1, process_info/1]).

-include("xmpp.hrl").
-include("logger.hrl").

%% Takes the places of mod_adhoc's and mod_disco's handlers; called again after a reload, which may have put them back.
-spec start(binary()) -> ok.
start(Host) -> lists:foreach(fun(Handler) -> start(Host, Handler) end, handlers()).

start(Host, {Namespace, Function, Module, _, _}) ->
    case gen_mod:is_loaded(Host, Module) andalso ets:lookup(ejabberd_local, {Host, Namespace}) of
        [{_, ?MODULE, Function}] -> ok;
        [{_, Before, BeforeFunction}] ->
            ets:insert(table(Host), {{handler, Namespace}, Before, BeforeFunction}),
            gen_iq_handler:add_iq_handler(ejabberd_local, Host, Namespace, ?MODULE, Function);
        _ -> ok
    end.

-spec stop(binary()) -> ok.
stop(Host) ->
    lists:foreach(
      fun({Namespace, Function, _, _, _}) ->
              case ets:lookup(ejabberd_local, {Host, Namespace}) of
                  [{_, ?MODULE, Function}] ->
                      case before(Host, Namespace) of
                          {Module, BeforeFunction} -> gen_iq_handler:add_iq_handler(ejabberd_local, Host, Namespace, Module, BeforeFunction);
                          none -> gen_iq_handler:remove_iq_handler(ejabberd_local, Host, Namespace)
                      end;
                  _ -> ok
              end
      end, handlers()).

handlers() ->
    [{?NS_COMMANDS, process_command, mod_adhoc, mod_adhoc, process_local_iq},
     {?NS_DISCO_ITEMS, process_items, mod_adhoc, mod_disco, process_local_iq_items},
     {?NS_DISCO_INFO, process_info, mod_adhoc, mod_disco, process_local_iq_info}].

table(Host) -> mod_invited_question:table(Host).

before(Host, Namespace) ->
    try ets:lookup(table(Host), {handler, Namespace}) of
        [{_, Module, Function}] -> {Module, Function};
        [] -> standard(Host, Namespace)
    catch error:badarg -> standard(Host, Namespace)
    end.

%% What it is, where nothing else stood there: for a moment without the table, too.
standard(Host, Namespace) ->
    {_, _, _, Module, Function} = lists:keyfind(Namespace, 1, handlers()),
    case gen_mod:is_loaded(Host, Module) of
        true -> {Module, Function};
        false -> none
    end.

%% Of gen_iq_handler: the payload as it came, which is forwarded as such.
decode_iq_subel(El) -> xmpp:encode(El).

process_command(#iq{type = Type, sub_els = [El]} = IQ) ->
    case mod_invited_rules:node_of(mod_invited_protocol:attribute(<<"node">>, El)) of
        ours when Type =:= set -> later(IQ, fun forward_and_reply/1);
        ours -> xmpp:make_error(IQ#iq{sub_els = []}, xmpp:err_bad_request());
        other -> pass(IQ, ?NS_COMMANDS)
    end.

process_info(#iq{type = Type, sub_els = [El]} = IQ) ->
    case mod_invited_rules:node_of(mod_invited_protocol:attribute(<<"node">>, El)) of
        ours when Type =:= get -> later(IQ, fun forward_and_reply/1);
        _ -> pass(IQ, ?NS_DISCO_INFO)
    end.

%% The host's own list first, then ours behind it.
process_items(#iq{type = Type, to = #jid{lserver = Host}, sub_els = [El]} = IQ) ->
    Passed = pass(IQ, ?NS_DISCO_ITEMS),
    IsList = Type =:= get andalso mod_invited_protocol:attribute(<<"node">>, El) =:= ?NS_COMMANDS,
    case Passed of
        #iq{type = result} = Reply when IsList ->
            case mod_invited_question:is_connected(Host) of
                true -> later(IQ, fun(_) -> ejabberd_router:route(with_ours(Reply, Host, IQ)) end);
                false -> Reply
            end;
        _ -> Passed
    end.

with_ours(#iq{sub_els = [List]} = Reply, Host, IQ) ->
    case forward(IQ) of
        {result, [Query]} ->
            Ours = [#xmlel{name = <<"item">>,
                           attrs = [{<<"jid">>, Host} | [Each || {Name, _} = Each <- Item#xmlel.attrs,
                                                                 Name =:= <<"node">> orelse Name =:= <<"name">>]]}
                    || Item <- mod_invited_protocol:children(<<"item">>, Query),
                       mod_invited_rules:node_of(mod_invited_protocol:attribute(<<"node">>, Item)) =:= ours],
            #xmlel{children = Others} = Encoded = xmpp:encode(List),
            Reply#iq{sub_els = [Encoded#xmlel{children = Others ++ Ours}]};
        _ -> Reply
    end;
with_ours(Reply, _, _) -> Reply.

%% Not in the process of a user's stream, which must not wait.
later(IQ, Fun) ->
    _ = spawn(fun() ->
                      try Fun(IQ)
                      catch _:_ ->
                              ?ERROR_MSG("A command at ~ts could not be forwarded", [(IQ#iq.to)#jid.lserver]),
                              ejabberd_router:route(unavailable(IQ))
                      end
              end),
    ignore.

forward_and_reply(#iq{id = Id, from = From, to = To} = IQ) ->
    ejabberd_router:route(
      case forward(IQ) of
          {Type, Payload} -> #iq{type = Type, id = Id, from = To, to = From, sub_els = Payload};
          none -> unavailable(IQ)
      end).

unavailable(IQ) ->
    mod_invited_service:error_of(IQ, {cancel, 'service-unavailable', <<"Invites are not available right now. Please try again.">>}).

forward(#iq{type = Type, id = Id, lang = Language, from = From, to = #jid{lserver = Host} = To, sub_els = [El]}) ->
    Inner = #xmlel{name = <<"iq">>,
                   attrs = [{<<"type">>, atom_to_binary(Type, utf8)}, {<<"id">>, Id}, {<<"from">>, jid:encode(From)}, {<<"to">>, jid:encode(To)}
                            | [{<<"xml:lang">>, Language} || Language =/= <<>>]],
                   children = [El]},
    case mod_invited_question:await(Host, set, mod_invited_protocol:envelope(Inner)) of
        {result, Envelope} ->
            case mod_invited_protocol:opened(Envelope) of
                malformed -> none;
                Opened -> Opened
            end;
        _ -> none
    end.

%% As gen_iq_handler does it.
pass(#iq{to = #jid{lserver = Host}, lang = Language, sub_els = [El]} = IQ, Namespace) ->
    case before(Host, Namespace) of
        {Module, Function} ->
            try
                Payload = case erlang:function_exported(Module, decode_iq_subel, 1) of
                              true -> Module:decode_iq_subel(El);
                              false -> xmpp:decode(El)
                          end,
                Module:Function(IQ#iq{sub_els = [Payload]})
            catch error:{xmpp_codec, Reason} -> xmpp:make_error(IQ, xmpp:err_bad_request(xmpp:io_format_error(Reason), Language))
            end;
        none -> xmpp:make_error(IQ, xmpp:err_service_unavailable())
    end.
